"""How the SQLite journal writes: its settings, by whether there is a file, and its statements."""

PRAGMAS = {
    True: ("journal_mode=WAL", "synchronous=FULL"),
    False: ("journal_mode=OFF", "synchronous=OFF", "cache_size=-32000"),
}

ADD_LINK = "INSERT INTO trail VALUES (?, ?, ?)"
ADD_ENTRY = "INSERT INTO entry VALUES (?, ?, ?)"
ADD_FLOW = "INSERT INTO flow VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
SET_STATUS = "UPDATE flow SET status = ?, result = ? WHERE number = ?"
BLANK = "DELETE FROM entry WHERE flow = ? AND number < ?"
ADD_SEEN = "INSERT INTO seen VALUES (?, ?, ?)"
ADD_MESSAGE = "INSERT INTO inbox VALUES (?, ?)"
TAKE_MESSAGE = "DELETE FROM inbox WHERE number = ?"
COUNTED = "SELECT sequence FROM subject WHERE subject = ?"
COUNT_SUBJECT = "INSERT OR REPLACE INTO subject VALUES (?, ?)"
SET_MAPPING = "INSERT OR REPLACE INTO mapping VALUES (?, ?, ?)"
DROP_MAPPING = "DELETE FROM mapping WHERE kind = ? AND key = ?"
ADD_EVENT = "INSERT INTO event VALUES (?, ?, ?, ?, ?, ?, ?, ?)"
SET_CURSOR = """
INSERT INTO cursor VALUES (?, ?) ON CONFLICT DO UPDATE SET number = excluded.number WHERE number < excluded.number
"""
FORGET_EVENTS = "DELETE FROM event WHERE number <= ?"
