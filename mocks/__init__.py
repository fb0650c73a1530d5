"""The systems of record, each behind its vendor's dialect: `world.World` holds one of each."""
