"""A person without a browser: speaks the app's own websocket protocol.

Sees every element that the server sends, presses buttons by label, and hears when the script has
finished. Used by load benchmarks and by tests that kill the server.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import ClientConnection, connect


@dataclass
class Button:
    """A button on the screen: its widget id, label, and the fragment that it reruns."""

    id: str
    label: str
    fragment: str


@dataclass
class SocketPerson:
    """One browser session over a websocket. `elements` maps a place on the screen to an element."""

    port: int
    page: str = ""
    query: str = ""
    elements: dict[tuple[int, ...], tuple[str, Any]] = field(default_factory=dict)
    page_hash: str = ""
    running: str = ""
    kept: dict[str, ForwardMsg] = field(default_factory=dict)

    def __enter__(self) -> "SocketPerson":
        url = f"ws://127.0.0.1:{self.port}/_stcore/stream"
        self.opened = connect(url, subprotocols=["streamlit"], max_size=None, compression=None)
        self.socket: ClientConnection = self.opened.__enter__()
        self.rerun()
        return self

    def __exit__(self, *exc: Any) -> None:
        self.opened.__exit__(*exc)

    def rerun(self) -> None:
        """Run the page as a newly opened address would."""
        self.running = ""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_name = self.page
        message.rerun_script.page_script_hash = self.page_hash
        self.socket.send(message.SerializeToString())
        self.finish()

    def press(self, button: Button, *, wait: bool = True) -> None:
        """Press a button; with `wait`, until the script has finished."""
        message = BackMsg()
        message.rerun_script.query_string = self.query
        message.rerun_script.page_script_hash = self.page_hash
        message.rerun_script.fragment_id = self.running = button.fragment
        state = message.rerun_script.widget_states.widgets.add()
        state.id = button.id
        state.trigger_value = True
        self.socket.send(message.SerializeToString())
        if wait:
            self.finish()

    def finish(self, timeout: float = 60) -> None:
        """Take in what the server sends until the script has finished; drop what is gone."""
        self.seen: set[tuple[int, ...]] = set()
        while True:
            message = ForwardMsg()
            message.ParseFromString(self.socket.recv(timeout=timeout))
            if message.WhichOneof("type") == "ref_hash":
                message = self.kept[message.ref_hash]
            elif message.metadata.cacheable:
                self.kept[message.hash] = message
            self.take(message)
            if message.WhichOneof("type") == "script_finished":
                break
        self.elements = {
            place: kept for place, kept in self.elements.items()
            if place in self.seen or (self.running and kept[0] != self.running)
        }  # fmt: skip

    def take(self, message: ForwardMsg) -> None:
        """Keep what a message says about the screen."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.page_hash = message.new_session.page_script_hash
        elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
            place = tuple(message.metadata.delta_path)
            self.seen.add(place)
            self.elements[place] = (message.delta.fragment_id, message.delta.new_element)

    def buttons(self) -> Iterator[Button]:
        """The buttons on the screen that can be pressed, top to bottom."""
        for _, (fragment, element) in sorted(self.elements.items(), key=lambda kept: kept[0]):
            if element.WhichOneof("type") == "button" and not element.button.disabled:
                yield Button(element.button.id, element.button.label, fragment)

    def button(self, label: str) -> Button:
        """The first button whose label contains the text; raises LookupError."""
        for found in self.buttons():
            if label in found.label:
                return found
        raise LookupError(f"no button says {label!r}: {[b.label for b in self.buttons()]}")

    def text(self) -> str:
        """Every text on the screen, top to bottom."""
        parts = []
        for _, (_, element) in sorted(self.elements.items(), key=lambda kept: kept[0]):
            inner = getattr(element, element.WhichOneof("type") or "", None)
            parts.append(str(getattr(inner, "body", "") or getattr(inner, "text", "")))
        return "\n".join(part for part in parts if part)
