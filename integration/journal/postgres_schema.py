"""The tables of the PostgreSQL journal, and the migrations that make them.

As in SQLite only `trail` and `entry` are truth. What is added is for many workers: who holds a flow (`flow.owner`, an
epoch; 0 for nobody), leases (`worker`), flows that wait for messages (`waiting`), events that have yet to reach our own
flows (`unsent`) and commands that people left for the worker of a flow (`command`). Text that is ordered is ordered by
code point, as Python does.
"""

from __future__ import annotations

EVENT_LOCKS = 113
"""The upper 16 bits of the advisory locks that tell which event numbers may still appear (see `number_events`)."""

_FIRST = f"""
CREATE TABLE worker (
    epoch bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name text NOT NULL,
    lease_until timestamptz NOT NULL,
    ended boolean NOT NULL DEFAULT false
);
CREATE INDEX worker_alive ON worker (lease_until) WHERE NOT ended;

-- One chain for each epoch: workers do not wait for each other's head.
CREATE TABLE trail (
    epoch bigint NOT NULL,
    number bigint NOT NULL,
    flow bigint NOT NULL,
    digest bytea NOT NULL,
    PRIMARY KEY (epoch, number)
);
-- `place` orders the entries of one flow, whichever epochs wrote them.
CREATE TABLE entry (
    flow bigint NOT NULL,
    place bigint GENERATED ALWAYS AS IDENTITY,
    epoch bigint NOT NULL,
    number bigint NOT NULL,
    body bytea NOT NULL,
    PRIMARY KEY (flow, place)
);
CREATE INDEX entry_of_chain ON entry (epoch, number);

CREATE TABLE flow (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    id text COLLATE "C" NOT NULL UNIQUE,
    name text NOT NULL,
    txn text NOT NULL,
    entity_key text NOT NULL,
    order_key text COLLATE "C" NOT NULL,
    arguments bytea NOT NULL,
    status text NOT NULL,
    created_us bigint NOT NULL,
    result bytea NOT NULL,
    owner bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);
CREATE UNIQUE INDEX one_flow_of_an_entity ON flow (entity_key)
    WHERE entity_key <> '' AND status IN ('running', 'parked');
CREATE INDEX flow_in_turn ON flow (entity_key, order_key, number) WHERE entity_key <> '' AND status = 'ready';
CREATE INDEX flow_to_claim ON flow (number) WHERE owner = 0 AND status IN ('ready', 'running', 'parked');
CREATE INDEX flow_in_hand ON flow (owner) WHERE owner <> 0;
CREATE INDEX flow_of_transaction ON flow (txn, number);
CREATE INDEX flow_by_status ON flow (status, name, number);

CREATE TABLE seen (source text NOT NULL, message text NOT NULL, PRIMARY KEY (source, message));
CREATE TABLE inbox (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic text NOT NULL,
    key text NOT NULL,
    body bytea NOT NULL
);
CREATE INDEX inbox_address ON inbox (topic, key, number);
CREATE TABLE waiting (flow bigint NOT NULL, topic text NOT NULL, key text NOT NULL, PRIMARY KEY (flow, topic, key));
CREATE INDEX waiting_address ON waiting (topic, key);

CREATE SEQUENCE event_number;
CREATE TABLE event (
    number bigint PRIMARY KEY,
    id text NOT NULL,
    type text NOT NULL,
    subject text NOT NULL,
    txn text NOT NULL,
    sequence bigint NOT NULL,
    created_us bigint NOT NULL,
    body bytea NOT NULL
);
CREATE INDEX event_of_subject ON event (subject, number);
CREATE INDEX event_of_transaction ON event (txn, number);
CREATE INDEX event_by_type ON event (type, number);
CREATE TABLE unsent (number bigint PRIMARY KEY, owner bigint NOT NULL);
CREATE TABLE subject (subject text PRIMARY KEY, sequence bigint NOT NULL);
CREATE TABLE cursor (consumer text PRIMARY KEY, number bigint NOT NULL);

CREATE TABLE exception_case (
    id text COLLATE "C" PRIMARY KEY,
    status text NOT NULL,
    code text NOT NULL,
    owner text NOT NULL,
    flow text COLLATE "C" NOT NULL,
    txn text NOT NULL,
    body bytea NOT NULL
);
CREATE INDEX case_by_status ON exception_case (status, id);
CREATE INDEX case_of_flow ON exception_case (flow);
CREATE INDEX case_of_transaction ON exception_case (txn, id);
CREATE TABLE mapping (
    kind text COLLATE "C" NOT NULL,
    key text COLLATE "C" NOT NULL,
    value bytea NOT NULL,
    PRIMARY KEY (kind, key)
);
-- `owner` is the worker it is meant for; 0 for whoever holds the flow.
CREATE TABLE command (
    number bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    flow text COLLATE "C" NOT NULL,
    owner bigint NOT NULL,
    act bytea NOT NULL,
    status text NOT NULL DEFAULT 'waiting',
    problem text NOT NULL DEFAULT ''
);
CREATE INDEX command_waiting ON command (number) WHERE status = 'waiting';

-- A worker whose lease was ended writes nothing, nor one that does not hold the flow. The lock makes whoever ends the
-- lease wait for the transaction at hand.
CREATE FUNCTION fence(mine bigint, wanted bigint) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM 1 FROM worker WHERE epoch = mine AND NOT ended FOR SHARE;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the lease of epoch % was ended', mine USING ERRCODE = 'Q2C01';
    END IF;
    IF wanted <> 0 AND NOT EXISTS (SELECT 1 FROM flow WHERE number = wanted AND owner = mine) THEN
        RAISE EXCEPTION 'flow % is not in the hands of epoch %', wanted, mine USING ERRCODE = 'Q2C02';
    END IF;
END $$;

-- Each message is taken once: who comes second writes nothing.
CREATE FUNCTION take_messages(wanted bigint[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
    found bigint;
BEGIN
    DELETE FROM inbox WHERE number = ANY (wanted);
    GET DIAGNOSTICS found = ROW_COUNT;
    IF found <> cardinality(wanted) THEN
        RAISE EXCEPTION 'another flow has taken the message' USING ERRCODE = 'Q2C02';
    END IF;
END $$;

-- Compare and set: the lock makes two that expect nothing to stand there come one after the other.
CREATE FUNCTION expect_mapping(wanted_kind text, wanted_key text, expected bytea) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtextextended(wanted_kind || chr(1) || wanted_key, 116));
    IF expected IS DISTINCT FROM (SELECT value FROM mapping WHERE kind = wanted_kind AND key = wanted_key) THEN
        RAISE EXCEPTION 'somebody else has changed % %', wanted_kind, wanted_key USING ERRCODE = 'Q2C02';
    END IF;
END $$;

-- What most writes consist of, in one call; NULL stands for nothing of a kind.
CREATE FUNCTION write_step(
    mine bigint, wanted bigint, link bigint, digest bytea, body bytea, taken bigint[],
    moved bigint[], statuses text[], results bytea[], topics text[], keys text[], relayed bigint, blanked bigint
) RETURNS void LANGUAGE plpgsql AS $$
BEGIN
    PERFORM fence(mine, wanted);
    IF taken IS NOT NULL THEN
        PERFORM take_messages(taken);
    END IF;
    IF body IS NOT NULL THEN
        INSERT INTO trail VALUES (mine, link, wanted, digest);
        INSERT INTO entry (flow, epoch, number, body) VALUES (wanted, mine, link, body);
    END IF;
    FOR i IN 1 .. coalesce(cardinality(moved), 0) LOOP
        UPDATE flow SET status = statuses[i], result = results[i],
            owner = CASE WHEN statuses[i] IN ('running', 'parked') THEN owner ELSE 0 END
        WHERE number = moved[i];
        IF statuses[i] NOT IN ('running', 'parked') THEN
            DELETE FROM waiting WHERE flow = moved[i];
        END IF;
    END LOOP;
    IF topics IS NOT NULL THEN
        DELETE FROM waiting WHERE flow = wanted;
        INSERT INTO waiting SELECT wanted, topic, key FROM unnest(topics, keys) AS a (topic, key)
        ON CONFLICT DO NOTHING;
    END IF;
    IF relayed <> 0 THEN
        DELETE FROM unsent WHERE owner = mine AND number <= relayed;
    END IF;
    IF blanked <> 0 THEN  -- all but the last row, which says how it ended
        DELETE FROM entry WHERE flow = blanked AND (epoch, number) <> (mine, link);
    END IF;
END $$;

-- Numbers are drawn before they are visible. A transaction that will draw some holds a lock on a bound below them until
-- its end, so that a reader knows up to which number nothing can appear any more.
CREATE FUNCTION number_events() RETURNS void LANGUAGE sql AS $$
    SELECT pg_advisory_xact_lock_shared(({EVENT_LOCKS}::bigint << 48) | CASE WHEN is_called THEN last_value ELSE 0 END)
    FROM event_number
$$;
CREATE FUNCTION told_up_to() RETURNS bigint LANGUAGE plpgsql VOLATILE AS $$
DECLARE
    latest bigint;
    bound bigint;
BEGIN
    SELECT CASE WHEN is_called THEN last_value ELSE 0 END INTO latest FROM event_number;
    SELECT min(((classid::bigint & 65535) << 32) | objid::bigint) INTO bound FROM pg_locks
        WHERE locktype = 'advisory' AND objsubid = 1 AND classid::bigint >> 16 = {EVENT_LOCKS}
        AND database = (SELECT oid FROM pg_database WHERE datname = current_database());
    RETURN least(latest, coalesce(bound, latest));
END $$;
"""

_DATED = """
-- What is known already counts as seen and left now: it is forgotten too late rather than too early. The defaults let
-- workers of the version before go on during an upgrade.
ALTER TABLE seen ADD COLUMN seen_us bigint NOT NULL DEFAULT (extract(epoch FROM now()) * 1000000)::bigint;
ALTER TABLE command ADD COLUMN left_at timestamptz NOT NULL DEFAULT now();
"""

MIGRATIONS: tuple[tuple[str, str], ...] = (
    ("the first tables for many workers", _FIRST),
    ("messages and commands have instants, so that they can be forgotten", _DATED),
)
"""Name and statements, in order; the first one's number is 1. What was released is never edited: add another."""
