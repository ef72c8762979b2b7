"""A browser as a person uses it: Chromium by its driver, which speaks W3C WebDriver over HTTP."""

import base64
import json
import re
import subprocess
from http.client import HTTPConnection

_REFERENCE = "element-6066-11e4-a52e-4f735466cecf"
"""The key of an element's id, a constant of WebDriver."""
_FLAGS = (
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "disable-dev-shm-usage",
    "window-size=1400,1000",
)
KEYS = {"Enter": "\ue007", "Escape": "\ue00c", "ArrowDown": "\ue015", "End": "\ue010"}
_PATIENCE = 20_000
"""Milliseconds in which an element has to appear."""


class Browser:
    """One window with a profile of its own.

    Args:
        chromium, driver: paths of the programs.
        profile: an empty folder.
    """

    def __init__(self, chromium, driver, profile):
        self._driver = subprocess.Popen([driver, "--port=0"], stdout=subprocess.PIPE, text=True)
        found = None
        while found is None:
            line = self._driver.stdout.readline()
            assert line, "chromedriver ended"
            found = re.search(r"started successfully on port (\d+)", line)
        self._port = int(found[1])
        arguments = [f"--{flag}" for flag in (*_FLAGS, f"user-data-dir={profile}")]
        wanted = {
            "goog:chromeOptions": {"binary": chromium, "args": arguments},
            "goog:loggingPrefs": {"browser": "ALL"},
        }
        self._path = ""
        try:
            session = self._call("POST", "/session", {"capabilities": {"alwaysMatch": wanted}})
            self._path = f"/session/{session['sessionId']}"
            self._call("POST", "/timeouts", {"implicit": _PATIENCE})
        except BaseException:
            self.close()
            raise

    def open(self, url):
        """Load a page, also one of which only the part after # is another."""
        self._call("POST", "/url", {"url": "about:blank"})
        self._call("POST", "/url", {"url": url})

    def find(self, selector):
        """The first element, as soon as there is one."""
        found = self._call("POST", "/element", {"using": "css selector", "value": selector})
        return found[_REFERENCE]

    def text(self, selector):
        """What a person reads in an element, as soon as there is one."""
        return self._call("GET", f"/element/{self.find(selector)}/text")

    def texts(self, selector):
        """The same of all elements that there are."""
        return self.run(
            "return [...document.querySelectorAll(arguments[0])].map(e => e.innerText)", selector
        )

    def click(self, selector):
        """Click at the middle of an element."""
        self._call("POST", f"/element/{self.find(selector)}/click", {})

    def type(self, selector, text):
        """Type into an element."""
        self._call("POST", f"/element/{self.find(selector)}/value", {"text": text})

    def press(self, key):
        """Press a key, wherever the focus is."""
        value = KEYS.get(key, key)
        actions = [{"type": "keyDown", "value": value}, {"type": "keyUp", "value": value}]
        keyboard = {"type": "key", "id": "keyboard", "actions": actions}
        self._call("POST", "/actions", {"actions": [keyboard]})

    def run(self, script, *arguments):
        """Run a script in the page; returns what it returns."""
        return self._call("POST", "/execute/sync", {"script": script, "args": list(arguments)})

    def until(self, script, *arguments):
        """Wait until an expression is true, looking at each frame."""
        looked = (
            "const [done, given] = [arguments[arguments.length - 1], arguments];"
            f"const look = () => ((...args) => {script})(...given) ? done(true)"
            " : requestAnimationFrame(look); look();"
        )
        self._call("POST", "/execute/async", {"script": looked, "args": list(arguments)})

    def devtools(self, command, **parameters):
        """A command of the DevTools protocol."""
        body = {"cmd": command, "params": parameters}
        return self._call("POST", "/goog/cdp/execute", body)

    def screenshot(self):
        """The window as PNG."""
        return base64.b64decode(self._call("GET", "/screenshot"))

    def log(self):
        """What the console has said since this was asked last."""
        return [entry["message"] for entry in self._call("POST", "/se/log", {"type": "browser"})]

    def close(self):
        """End browser and driver."""
        if self._path:
            self._call("DELETE", "")
        self._driver.terminate()
        self._driver.wait()
        self._driver.stdout.close()

    def _call(self, method, path, body=None):
        connection = HTTPConnection("127.0.0.1", self._port, timeout=60)
        try:
            data = json.dumps(body) if body is not None else None
            connection.request(
                method, self._path + path, data, {"Content-Type": "application/json"}
            )
            value = json.load(connection.getresponse())["value"]
        finally:
            connection.close()
        assert not (isinstance(value, dict) and "error" in value), value["message"]
        return value
