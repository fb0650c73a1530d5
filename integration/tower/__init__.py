"""The control tower: server-rendered pages for operations, finance and architects, mounted at /tower by the service.

targets    Leg, Objective, BurnRule, STAGES, TELLINGS: what is timed, promised, counted and compared, as tables
burn       Meter: how fast an error budget is spent, over several windows
board      Board: rolling figures folded from the event log; the same again after a restart
queue      Filter: the open cases that a person wants to see, page by page
sayings    effects, outcomes and notes in words; story: one transaction across all systems
calls      Calls: the attempts on the wire of this process
sessions   Sessions: sign-in with the tokens of the API
tower      Tower: figures, cases and acts behind the pages
pages      application(node, access): every page and action over HTTP
*_page, overview, frame   the views: blocks of web/, no HTML
"""

from integration.tower.pages import application

__all__ = ["application"]
