"""Virtual time: the network, the people and the rehearsal that plays a timeline against systems and integration."""
