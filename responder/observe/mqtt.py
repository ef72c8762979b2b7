"""The link to an MQTT broker: kept up in a thread of its own, so that no broker delays anything.

MQTT 5 alone: answers to commands need its response topics. Nothing is kept at the broker for us
while we are away (a clean start, no session expiry), so that no command comes late. All is
published with QoS 1: what was not acknowledged when the link broke is published again.
"""

import asyncio
import logging
import socket
import ssl
import threading
from collections import deque
from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import aiomqtt
import msgspec
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode
from paho.mqtt.subscribeoptions import SubscribeOptions

from responder.errors import system_reason
from responder.observe.mqtt_backoff import Backoff
from responder.observe.mqtt_broker import Broker
from responder.observe.mqtt_link import Commands, Heard, Presence, Reply, Request, Told
from responder.observe.mqtt_topics import Message

KEEP_ALIVE = 20
"""Seconds: a broker notices a machine that is gone after one and a half of it."""
ANSWER_TIME = 10.0
"""Seconds that the broker may take to acknowledge something."""
ATTEMPTS = 3
"""Links that may break over the same messages before these are given up."""
BETWEEN_DOCUMENTS = 0.5
"""Seconds between two looks at what is retained."""
MAX_PACKET = 2 << 20
"""Bytes of what the broker may send."""
MAX_COMMANDS = 16
"""Carried out at the same time."""
MAX_WAITING = 1000
MAX_WAITING_BYTES = 8 << 20
"""Of commands that wait; more are dropped."""
_AT_LEAST_ONCE = 1
_AGAIN = 0.1
"""Seconds after which a task that still runs is cancelled again."""
_NOT_AT_SUBSCRIBING = SubscribeOptions.RETAIN_DO_NOT_SEND


class LinkEndedError(Exception):
    """The link has ended, and does not come back."""


class _Parcel(msgspec.Struct):
    """Messages on their way, and who waits for them; ``broken`` links were lost over them."""

    messages: Sequence[Message]
    arrived: Future[bool]
    broken: int = 0


class MqttLink:
    """Publishes for one instance, and hears commands.

    Args:
        broker: where.
        client_id: of no other client; with it a link that is back ends the one that broke.
        presence: what is retained.
        commands: who carries commands out.
        told: is told whether the broker is there.
        backoff: how long to wait for a broker.
    """

    def __init__(
        self,
        broker: Broker,
        client_id: str,
        presence: Presence,
        commands: Commands,
        told: Told,
        backoff: Backoff,
    ) -> None:
        self._broker = broker
        self._client_id = client_id
        self._presence = presence
        self._commands = commands
        self._told = told
        self._backoff = backoff
        self._birth = 0
        self._reason = ""
        self._ended = ""
        self._holding = False
        self._life: asyncio.Task[None] | None = None
        self._parcels: deque[_Parcel] = deque()
        self._retained: dict[str, bytes] = {}
        self._documents_due = 0.0
        self._is_over = False
        self._lock = threading.Lock()
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(_DaemonThreads())
        self._wake = asyncio.Event()
        self._closing = asyncio.Event()
        # A daemon: a broker that does not answer must not keep the process alive.
        self._thread = threading.Thread(target=self._run, name="spdm-mqtt", daemon=True)

    # What its owner calls, in any thread.

    def start(self) -> None:
        """Begin to connect."""
        self._thread.start()

    def publish(self, messages: Sequence[Message]) -> bool:
        """Wait until the broker has ``messages``, however long it is away.

        Returns:
            Whether it took them; if not, the link broke each time that it was sent them.

        Raises:
            LinkEndedError: nothing is published any more, and why.
        """
        parcel = _Parcel(messages, Future())
        self._soon(self._accept, parcel)
        return parcel.arrived.result()

    def refresh(self) -> None:
        """What is retained may have changed."""
        with suppress(LinkEndedError):  # it was told by ``publish``
            self._soon(self._wake.set)

    @property
    def is_there(self) -> bool:
        """Whether the broker is, as far as is known."""
        return self._holding

    def close(self, timeout: float) -> bool:
        """Say farewell, for at most ``timeout`` seconds; whether the link ended in order."""
        with suppress(LinkEndedError):
            self._soon(self._close)
        self._thread.join(timeout)
        return not self._thread.is_alive()

    # In its thread.

    def _soon(self, call: Callable[..., Any], *args: Any) -> None:
        with self._lock:
            if self._is_over:
                raise LinkEndedError(self._ended)
            self._loop.call_soon_threadsafe(call, *args)

    def _accept(self, parcel: _Parcel) -> None:
        self._parcels.append(parcel)
        self._wake.set()

    def _close(self) -> None:
        self._closing.set()
        if self._life is not None and not self._holding:
            self._life.cancel()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._life = self._loop.create_task(self._live())
        try:
            with suppress(asyncio.CancelledError):
                self._loop.run_until_complete(self._life)
            self._ended = "the link was closed"
        except LinkEndedError as error:
            self._ended = str(error)
        except Exception as error:
            self._ended = f"{type(error).__name__}: {error}"
            raise
        finally:
            with self._lock:
                self._is_over = True
            # Its last turns also take what others have handed over by now.
            self._loop.run_until_complete(_cancel(asyncio.all_tasks(self._loop)))
            self._loop.close()
            for parcel in self._parcels:
                parcel.arrived.set_exception(LinkEndedError(self._ended))

    async def _live(self) -> None:
        """Connect again and again.

        Raises:
            LinkEndedError: another client has our name.
        """
        while not self._closing.is_set():
            held = 0.0
            try:
                async with self._client() as client:
                    began = self._loop.time()
                    try:
                        await self._hold(client)
                    finally:
                        self._holding = False
                        held = self._loop.time() - began
            except aiomqtt.MqttError as error:
                self._lost(error)
            if not self._closing.is_set():
                await asyncio.sleep(self._backoff.after(held))

    def _lost(self, error: aiomqtt.MqttError) -> None:
        reason = _reason(error)
        if reason != self._reason:
            self._reason = reason
            self._told.lost(str(self._broker.address), reason)

    def _client(self) -> aiomqtt.Client:
        broker, address = self._broker, self._broker.address
        will = self._presence.will(self._birth + 1)
        properties: Any = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]
        properties.MaximumPacketSize = MAX_PACKET
        return aiomqtt.Client(
            address.host,
            address.port,
            username=address.user or None,
            password=broker.password,
            tls_context=broker.context,
            identifier=self._client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            properties=properties,
            will=aiomqtt.Will(will.topic, will.payload, _AT_LEAST_ONCE, retain=True),
            keepalive=KEEP_ALIVE,
            timeout=ANSWER_TIME,
            max_queued_incoming_messages=MAX_WAITING,
            queue_type=_Inbox,
            socket_options=[(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)],
            logger=_silent(),
        )

    async def _hold(self, client: aiomqtt.Client) -> None:
        """Be there until the link breaks or is closed."""
        self._holding = True
        commands = SubscribeOptions(_AT_LEAST_ONCE, retainHandling=_NOT_AT_SUBSCRIBING)
        status = SubscribeOptions(_AT_LEAST_ONCE)
        await client.subscribe([(self._commands.topic, commands), (self._presence.topic, status)])
        self._birth += 1
        self._retained.clear()
        await self._publish_documents(client)
        self._reason = ""
        self._told.reached(str(self._broker.address), self._birth)
        self._wake.set()
        closing = asyncio.ensure_future(self._closing.wait())
        working = [asyncio.ensure_future(work) for work in (self._send(client), self._hear(client))]
        try:
            await asyncio.wait([closing, *working], return_when=asyncio.FIRST_COMPLETED)
        finally:
            await _cancel([closing, *working])
        for task in working:
            if not task.cancelled():
                task.result()
        for message in self._presence.farewell(self._birth):
            await _retain(client, message)

    async def _send(self, client: aiomqtt.Client) -> None:
        while True:
            await self._wake.wait()
            self._wake.clear()
            if self._loop.time() >= self._documents_due:
                await self._publish_documents(client)
            else:
                self._loop.call_at(self._documents_due, self._wake.set)
            while self._parcels:
                await self._deliver(client, self._parcels[0])
                self._parcels.popleft()

    async def _deliver(self, client: aiomqtt.Client, parcel: _Parcel) -> None:
        if parcel.broken >= ATTEMPTS:
            parcel.arrived.set_result(False)
            return
        parcel.broken += 1
        await _all(
            client.publish(one.topic, one.payload, _AT_LEAST_ONCE) for one in parcel.messages
        )
        parcel.arrived.set_result(True)

    async def _publish_documents(self, client: aiomqtt.Client) -> None:
        for message in self._presence.documents(self._birth):
            if self._retained.get(message.topic) != message.payload:
                await _retain(client, message)
                self._retained[message.topic] = message.payload
        self._documents_due = self._loop.time() + BETWEEN_DOCUMENTS

    async def _hear(self, client: aiomqtt.Client) -> None:
        running: set[asyncio.Task[None]] = set()
        try:
            async for message in client.messages:
                if message.topic.value == self._presence.topic:
                    self._status_heard(bytes(message.payload))
                    continue
                while len(running) >= MAX_COMMANDS:
                    await asyncio.wait(running, return_when=asyncio.FIRST_COMPLETED)
                task = self._loop.create_task(self._answer(client, _request(message)))
                running.add(task)
                task.add_done_callback(running.discard)
        finally:
            await _cancel(running)

    def _status_heard(self, payload: bytes) -> None:
        heard = self._presence.heard(payload, self._birth)
        if heard is Heard.TAKEN:
            raise LinkEndedError(
                f"another program at {self._broker.address} has the name now; "
                "give one of them another --mqtt-name"
            )
        if heard is Heard.OVERWRITTEN:
            self._retained.pop(self._presence.topic, None)
            self._wake.set()

    async def _answer(self, client: aiomqtt.Client, request: Request) -> None:
        reply = await self._commands.reply(request)
        if reply is None:
            return
        properties = _reply_properties(reply)
        with suppress(aiomqtt.MqttError):  # there is nobody to tell: the link breaks
            await client.publish(reply.topic, reply.payload, _AT_LEAST_ONCE, properties=properties)


class _Inbox(asyncio.Queue[aiomqtt.Message]):
    """What has come in; bounded in bytes too."""

    def _init(self, maxsize: int) -> None:
        super()._init(maxsize)
        self._bytes = 0

    def full(self) -> bool:
        """Nothing more is taken."""
        return super().full() or self._bytes >= MAX_WAITING_BYTES

    def _put(self, item: aiomqtt.Message) -> None:
        super()._put(item)
        self._bytes += len(bytes(item.payload))

    def _get(self) -> aiomqtt.Message:
        item = super()._get()
        self._bytes -= len(bytes(item.payload))
        return item


class _DaemonThreads(ThreadPoolExecutor):
    """A thread for each call; the interpreter ends without waiting for a broker that is silent."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        future: Future[Any] = Future()

        def work() -> None:
            try:
                future.set_result(fn(*args, **kwargs))
            except BaseException as error:  # noqa: BLE001 - raised where it is awaited
                future.set_exception(error)

        future.set_running_or_notify_cancel()
        threading.Thread(target=work, name="spdm-mqtt-connect", daemon=True).start()
        return future


async def _retain(client: aiomqtt.Client, message: Message) -> None:
    await client.publish(message.topic, message.payload, _AT_LEAST_ONCE, retain=True)


async def _all(awaitables: Iterable[Awaitable[None]]) -> None:
    """Wait for all of them; if one fails, the others are cancelled."""
    tasks = [asyncio.ensure_future(one) for one in awaitables]
    try:
        await asyncio.gather(*tasks)
    finally:
        await _cancel(tasks)


async def _cancel(tasks: Iterable["asyncio.Future[Any]"]) -> None:
    """Cancel those that still run, and wait for their end.

    Once is not enough: ``wait_for`` of Python 3.11, which the library uses, forgets that it was
    cancelled if what it waits for comes in the same turn (python/cpython issue 86296).
    """
    all_of_them = list(tasks)
    while pending := [task for task in all_of_them if not task.done()]:
        for task in pending:
            task.cancel()
        await asyncio.wait(pending, timeout=_AGAIN)
    await asyncio.gather(*all_of_them, return_exceptions=True)  # so that none is thought forgotten


def _request(message: aiomqtt.Message) -> Request:
    properties = message.properties
    return Request(
        bytes(message.payload),
        getattr(properties, "ResponseTopic", ""),
        getattr(properties, "CorrelationData", None),
        message.retain,
    )


def _reply_properties(reply: Reply) -> Any:
    if reply.correlation is None:
        return None
    properties: Any = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]
    properties.CorrelationData = reply.correlation
    return properties


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    while error is not None:
        yield error
        error = error.__cause__ or error.__context__


def _reason(error: aiomqtt.MqttError) -> str:
    """Why the broker cannot be had, in the words of whoever knows."""
    for one in _causes(error):
        if isinstance(one, aiomqtt.MqttCodeError) and isinstance(one.rc, ReasonCode):
            return f"{one.rc} (reason code 0x{one.rc.value:02x})"
        if isinstance(one, ssl.SSLError):
            return getattr(one, "verify_message", "") or one.reason or str(one)
        if isinstance(one, OSError):
            return system_reason(one)
    return str(error)


def _silent() -> logging.Logger:
    """What the library would say in a log that is not ours."""
    logger = logging.getLogger("spdm-responder.mqtt")
    logger.disabled = True
    return logger
