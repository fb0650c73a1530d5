"""A node: what API, tower and observability may ask of it, and how it survives its own store and mistakes."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import Awaitable, Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from domain import history
from domain.acts import Act, UnknownAct
from domain.history import Record
from domain.http import Reply, Request
from integration.casework import Refused
from integration.effects import Call, Park, Receive, Sleep, Start
from integration.flow import FlowContext
from integration.intake import Route, Source
from integration.journal.protocol import CommandRow
from integration.journal.trouble import Unavailable
from integration.outcomes import Conflict, Message
from integration.process import Parts
from integration.service.configuration import Configuration, Peer
from integration.service.node import Node, Stopped
from integration.settings import Settings

Play = Callable[[Node], Awaitable[Any]]


async def _greets(_context: FlowContext, arguments: Mapping[str, Any]) -> dict[str, Any]:
    return {"hello": arguments["name"]}


async def _sleeps(_context: FlowContext, arguments: Mapping[str, Any]) -> str:
    await Sleep(arguments["seconds"])
    return "awake"


async def _listens(_context: FlowContext, arguments: Mapping[str, Any]) -> str:
    message = await Receive("told", "k", 3600)
    return message.id if message else "silence"


async def _parks(_context: FlowContext, _arguments: Mapping[str, Any]) -> str:
    resumed = await Park(code="VALIDATION.BUSINESS_RULE", detail="ask somebody")
    return resumed.actor


async def _calls(_context: FlowContext, _arguments: Mapping[str, Any]) -> int:
    return (await Call(system="crm", operation="read", target="/x", timeout_seconds=5)).status


PROGRAMS = {"greets": _greets, "sleeps": _sleeps, "listens": _listens, "parks": _parks, "calls": _calls}
SOURCE = Source(
    "crm",
    "/webhooks/crm",
    lambda _request, _now_us: None,
    lambda request: [Message(source="crm", id=request.body.decode(), topic="told", key="k")],
)
PARTS = Parts(programs=PROGRAMS, systems={}, sources=(SOURCE,), routes=(Route(source="crm", topic="told"),))


def _on_a_node(folder: Path, *plays: Play, address: str = "http://127.0.0.1:1") -> None:
    """Let things happen on nodes that follow each other on one journal."""

    async def once(play: Play) -> None:
        settings = Settings()
        configuration = Configuration(
            settings=settings, peers={"crm": Peer(address=address)}, database=str(folder / "journal.db"),
            grace_seconds=1.0, heartbeat_seconds=0.05,
        )  # fmt: skip
        node = Node(configuration, PARTS)
        node.open()
        try:
            await play(node)
        finally:
            await node.close()

    for play in plays:
        asyncio.run(once(play))


async def _until(found: Callable[[], object]) -> None:
    async with asyncio.timeout(20):
        while not found():
            await asyncio.sleep(0.01)


def _webhook(text: str) -> Request:
    return Request("integration", "POST", "/webhooks/crm", {}, text.encode())


def _start(name: str, /, **arguments: Any) -> Start:
    return Start(flow_id=f"{name}/1", name=name, arguments=arguments)


def test_a_flow_is_run_to_its_end_and_the_same_one_is_found_again(tmp_path: Path) -> None:
    async def play(node: Node) -> None:
        row = await node.run(_start("greets", name="Ada"), 10)
        assert (row.status, row.result) == ("finished", b"\x81\xa5hello\xa3Ada")
        assert await node.run(_start("greets", name="Ada"), 10) == row

    _on_a_node(tmp_path, play, play)


def test_other_arguments_under_one_id_are_a_conflict(tmp_path: Path) -> None:
    async def play(node: Node) -> None:
        await node.run(_start("greets", name="Ada"), 10)
        with pytest.raises(Conflict, match="greets/1"):
            await node.run(_start("greets", name="Bob"), 10)

    _on_a_node(tmp_path, play)


def test_who_waits_too_briefly_is_told_so_and_the_flow_goes_on(tmp_path: Path) -> None:
    async def play(node: Node) -> None:
        with pytest.raises(TimeoutError):
            await node.run(_start("sleeps", seconds=0.3), 0.05)
        assert (await node.run(_start("sleeps", seconds=0.3), 10)).status == "finished"

    _on_a_node(tmp_path, play)


def test_observers_hear_every_record_and_one_that_fails_hurts_nobody(tmp_path: Path) -> None:
    heard: list[Record] = []

    def fails(_record: Record) -> None:
        raise RuntimeError("an observer's own mistake")

    async def play(node: Node) -> None:
        node.observers += [fails, heard.append]
        await node.run(_start("greets", name="Ada"), 10)

    _on_a_node(tmp_path, play)
    assert [record.status for record in heard if isinstance(record, history.Flow)] == ["started", "finished"]


def test_a_message_wakes_the_flow_that_waits_for_it_after_a_restart_too(tmp_path: Path) -> None:
    async def waits(node: Node) -> None:
        node.launch(_start("listens"))
        await _until(lambda: [status for _, _, status in node.integration.open_flows()] == ["running"])

    async def told(node: Node) -> None:
        reply = node.receive(_webhook("m1"))
        assert reply is not None
        assert reply.status == 200
        assert (await node.run(_start("listens"), 10)).result == b"\xa2m1"

    _on_a_node(tmp_path, waits, told)


def test_people_act_and_refusals_reach_them_without_any_harm(tmp_path: Path) -> None:
    async def play(node: Node) -> None:
        node.launch(_start("parks"))
        await _until(lambda: node.reader.cases())
        act = Act(at_us=node.now_us(), system="integration", action="re_drive", arguments={"actor": "Ada"})
        with pytest.raises(KeyError, match="none"):
            await node.act(_with(act, case="none"))
        with pytest.raises(UnknownAct):
            await node.act(Act(at_us=0, system="integration", action="dance", arguments={}))
        await node.act(_with(act, case=node.reader.cases()[0].id))
        assert (await node.run(_start("parks"), 10)).result == b"\xa3Ada"
        assert node.readiness() == []

    _on_a_node(tmp_path, play)


@pytest.mark.parametrize("how", ["launch", "receive", "advance", "act"])
def test_a_key_error_of_our_own_is_logged_and_another_incarnation_is_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture, how: str
) -> None:
    async def play(node: Node) -> None:
        act = Act(at_us=0, system="integration", action="re_drive", arguments={"case": "x#1"})
        ways: dict[str, tuple[str, Callable[[], Any]]] = {
            "launch": ("_launch", lambda: node.launch(_start("greets", name="Ada"))),
            "receive": ("receive", lambda: node.receive(_webhook("m1"))),
            "advance": ("_advance", lambda: node.advance("c", 1)),
        }

        def breaks(*_arguments: object) -> None:
            raise KeyError("of our own")

        with monkeypatch.context() as broken:
            if how == "act":
                broken.setitem(node.integration._acts, "re_drive", breaks)
                with pytest.raises(Stopped, match="we made a mistake"):
                    await node.act(act)
            else:
                name, enter = ways[how]
                broken.setattr(node.integration, name, breaks)
                assert not enter()
        assert node.readiness() == ["a mistake of ours: KeyError"]
        await _until(lambda: not node.readiness())
        assert (await node.run(_start("greets", name="Ada"), 10)).status == "finished"

    _on_a_node(tmp_path, play)
    assert "the integration starts anew: 'of our own'" in caplog.text


@pytest.mark.parametrize(
    ("action", "told", "said"),
    [
        ("take", {}, "has to say case"),
        ("add_mapping", {"kind": "item", "key": "A"}, "says value"),
        ("add_mapping", {"kind": "item", "key": "A", "value": {"id": 2**70}}, "cannot hold"),
        ("re_drive", {"code": "DATA_QUALITY", "per_minute": "many"}, "per_minute is 'many'"),
        ("re_drive", {"code": "DATA_QUALITY", "older_than_seconds": "long"}, "cannot be chosen"),
        ("re_drive", {"turns": ["a"]}, "turns are an object"),
    ],
)
def test_what_a_person_says_wrongly_is_refused_and_ends_nothing(
    tmp_path: Path, action: str, told: dict[str, Any], said: str
) -> None:
    async def play(node: Node) -> None:
        act = Act(at_us=0, system="integration", action=action, arguments={"actor": "Ada", **told})
        with pytest.raises(Refused, match=said):
            await node.act(act)
        assert node.readiness() == []

    _on_a_node(tmp_path, play)


@pytest.mark.parametrize(
    ("row", "error", "said"),
    [
        (CommandRow(1, "", "dropped", "its worker ended"), Stopped, "its worker ended"),
        (CommandRow(1, "", "refused", "Mo was first"), Refused, "Mo was first"),
        (None, Stopped, "was replaced"),
    ],
)
def test_what_another_worker_did_not_do_is_never_said_to_be_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, row: CommandRow | None, error: type[Exception], said: str
) -> None:
    async def play(node: Node) -> None:
        monkeypatch.setattr(node.reader, "command", lambda _number: row)
        with pytest.raises(error, match=said):
            await node._obeyed(1)

    _on_a_node(tmp_path, play)


def _with(act: Act, **more: Any) -> Act:
    return Act(at_us=act.at_us, system=act.system, action=act.action, arguments={**act.arguments, **more})


def test_a_full_disk_makes_it_unready_until_there_is_space_and_nothing_is_acknowledged_meanwhile(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def play(node: Node) -> None:
        lease_type = type(node.journal.claim())
        node.integration.kill()
        node.integration.start()
        real = lease_type.commit
        full = True

        def commit(lease: Any, write: Any) -> None:
            if full:
                raise Unavailable(f"journal.db: {OSError(errno.ENOSPC, 'No space left on device')}")
            real(lease, write)

        monkeypatch.setattr(lease_type, "commit", commit)
        assert node.receive(_webhook("m1")) is None
        assert "No space left" in node.readiness()[0]
        assert node.receive(_webhook("m1")) is None
        full = False
        await _until(lambda: not node.readiness())
        reply = node.receive(_webhook("m1"))
        assert isinstance(reply, Reply)
        assert reply.status == 200
        node.launch(_start("listens"))
        assert (await node.run(_start("listens"), 10)).status == "finished"

    _on_a_node(tmp_path, play)


def test_the_timers_of_a_dead_incarnation_do_not_pile_up(tmp_path: Path) -> None:
    async def play(node: Node) -> None:
        for number in range(20):
            node.launch(Start(flow_id=f"sleeps/{number}", name="sleeps", arguments={"seconds": 86_400 * 30}))
        await _until(lambda: {status for _, _, status in node.integration.open_flows()} == {"running"})
        before = len(node.host._timers)
        for _ in range(3):
            node.host.fail(Unavailable("gone"))
            assert len(node.host._timers) < before - 15
            await _until(lambda: not node.readiness())
            await asyncio.sleep(0.05)
        assert len(node.host._timers) <= before

    _on_a_node(tmp_path, play)


def test_a_database_that_was_restored_under_a_running_process_is_taken_up(tmp_path: Path) -> None:
    async def play(node: Node) -> None:
        await node.run(_start("greets", name="Ada"), 10)
        backup = tmp_path / "backup.db"
        node.journal.connection.execute(f"VACUUM INTO '{backup}'")  # type: ignore[attr-defined]
        await node.run(Start(flow_id="greets/2", name="greets", arguments={"name": "Bob"}), 10)
        for leftover in tmp_path.glob("journal.db-*"):
            leftover.unlink()
        backup.replace(tmp_path / "journal.db")
        await _until(lambda: node.readiness())
        await _until(lambda: not node.readiness())
        assert node.reader.flow("greets/1") is not None
        assert node.reader.flow("greets/2") is None  # the sweeps would ask for what it was about
        assert (await node.run(Start(flow_id="greets/3", name="greets", arguments={"name": "Eve"}), 10)).status

    _on_a_node(tmp_path, play)


def test_peers_show_how_the_systems_are_doing(tmp_path: Path) -> None:
    async def play(node: Node) -> None:
        assert [(peer.standing.system, peer.standing.state) for peer in node.peers()] == [("crm", "closed")]
        node.launch(_start("calls"))
        await _until(lambda: node.peers()[0].standing.trouble)
        (peer,) = node.peers()
        assert peer.address == "http://127.0.0.1:1"
        assert peer.standing.trouble.startswith("refused")
        assert peer.standing.trouble_us > 0

    _on_a_node(tmp_path, play)


def test_a_call_in_flight_gets_its_grace_and_what_comes_of_it_is_kept(tmp_path: Path) -> None:
    replies: list[int] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        await asyncio.sleep(0.3)
        writer.write(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n")
        writer.close()
        replies.append(200)

    async def play() -> None:
        server = await asyncio.start_server(answer, "127.0.0.1", 0)
        address = f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        configuration = Configuration(
            peers={"crm": Peer(address=address)}, database=str(tmp_path / "journal.db"), grace_seconds=5.0
        )
        node = Node(configuration, PARTS)
        node.open()
        node.launch(_start("calls"))
        await _until(lambda: node.host.in_flight == 1)
        assert await node.close() == 0
        server.close()
        again = Node(configuration, PARTS)
        again.open()
        row = await again.run(_start("calls"), 10)
        await again.close()
        assert row.result == b"\xcc\xc8"

    asyncio.run(play())
    assert replies == [200]
