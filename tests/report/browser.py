#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""Open a page of `memup report` in headless Chromium and use it.

    browser.py PAGE [FOLDER]

Through chromedriver, which speaks W3C WebDriver; screenshots and the printed
page go to FOLDER. Exits with 77 when there is no Chromium, with 1 and what is
wrong when the page does not do what it should.
"""
import base64
import json
import os
import shutil
import subprocess
import sys
import urllib.error
import urllib.request


class Browser:
    def __init__(self, width, dark=False):
        self.driver = subprocess.Popen(
            ["chromedriver", "--port=0"], stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL, text=True)
        port = None
        for line in self.driver.stdout:
            if "started successfully on port" in line:
                port = int(line.rstrip(".\n").split()[-1])
                break
        if not port:
            raise SystemExit("chromedriver says no port")
        self.base = f"http://127.0.0.1:{port}/session"
        arguments = ["--headless=new", "--no-sandbox", "--disable-gpu",
                     "--disable-dev-shm-usage", "--hide-scrollbars",
                     f"--window-size={max(width, 500)},900"]
        options = {"args": arguments,
                   "mobileEmulation": {"deviceMetrics": {
                       "width": width, "height": 900, "pixelRatio": 1,
                       "touch": False}}}
        if dark:
            arguments.append("--force-dark-mode")
        made = self.ask("POST", "", {"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL", "performance": "ALL"}}}})
        self.base += "/" + made["sessionId"]

    def ask(self, method, path, body=None):
        request = urllib.request.Request(
            self.base + path, method=method,
            data=None if body is None else json.dumps(body).encode(),
            headers={"Content-Type": "application/json"})
        try:
            with urllib.request.urlopen(request, timeout=120) as answer:
                return json.load(answer)["value"]
        except urllib.error.HTTPError as error:
            raise SystemExit(f"{path}: {error.read().decode()[:600]}")

    def run(self, script, *arguments):
        return self.ask("POST", "/execute/sync",
                        {"script": script, "args": list(arguments)})

    def log(self, kind):
        return self.ask("POST", "/se/log", {"type": kind})

    def shoot(self, path):
        height = self.run("return document.documentElement.scrollHeight")
        width = self.run("return innerWidth")
        self.ask("POST", "/goog/cdp/execute", {
            "cmd": "Emulation.setDeviceMetricsOverride",
            "params": {"width": width, "height": height, "mobile": False,
                       "deviceScaleFactor": 1}})
        with open(path, "wb") as out:
            out.write(base64.b64decode(self.ask("GET", "/screenshot")))

    def end(self):
        try:
            self.ask("DELETE", "")
        finally:
            self.driver.terminate()
            self.driver.wait()


def check(what, truth):
    if not truth:
        raise SystemExit("report page: " + what)


def use(page, folder, width):
    browser = Browser(width)
    try:
        run = browser.run
        browser.ask("POST", "/url", {"url": "file://" + os.path.abspath(page)})
        errors = [e["message"] for e in browser.log("browser")
                  if e["level"] == "SEVERE"]
        check(f"errors at {width}: {errors}", not errors)
        check("nothing of the log became an element",
              run("return !document.querySelector('img,iframe,object,b,"
                  "[onerror]') && !window.hostile"))
        check("the map has boxes", run(
            "return document.querySelectorAll('#map rect.box').length") > 2)
        check(f"wider than {width}: " + run("return [...document.querySelectorAll('body *')].filter(e => e.getBoundingClientRect().right > innerWidth + 1).slice(0, 5).map(e => e.tagName + e.id + e.className).join()"), run(
            "return document.documentElement.scrollWidth") <= width)
        check("each picture has a table", run(
            "return ['map','time','what','check'].every(id => "
            "document.querySelector('#'+id+'-tables') && "
            "document.querySelectorAll('#'+id+'-tables table').length > 0 ||"
            "id === 'check' && !report_has_check());"
            "function report_has_check() { return JSON.parse("
            "document.getElementById('data').textContent).logs[0].check; }"))
        check("all pictures are named", run(
            "return [...document.querySelectorAll('svg')].every(s => "
            "s.getAttribute('aria-label'))"))
        check("all fields have labels", run(
            "return [...document.querySelectorAll('input,select')].every("
            "f => f.labels.length)"))
        if folder:
            browser.shoot(f"{folder}/{width}-light.png")
        view = "return document.getElementById('map-view').textContent"
        whole = run(view)
        check("the whole at first: " + whole, whole.startswith("The whole"))
        for scale in "linear", "log":
            run("const s = document.getElementById('map-scale');"
                "s.value = arguments[0];"
                "s.dispatchEvent(new Event('change'));"
                "document.getElementById('map-whole').click();", scale)
            for _ in range(60):
                run("document.getElementById('map-in').click()")
            check(f"{scale}: 60 steps in are one page: " + run(view),
                  ", one page" in run(view))
            check("a page is named", "Page frames" in run(
                "return document.getElementById('map').textContent"))
            for _ in range(60):
                run("document.getElementById('map-out').click()")
            check(f"{scale}: and out again: " + run(view),
                  run(view).startswith("The whole"))
            run("document.getElementById('map-page').click()")
            check("one page at once", ", one page" in run(view))
            run("document.getElementById('map').dispatchEvent("
                "new KeyboardEvent('keydown', {key: 'Home'}))")
            check("Home is the whole", run(view).startswith("The whole"))
            if folder and scale == "log":
                browser.shoot(f"{folder}/{width}-log.png")
        run("document.getElementById('map').dispatchEvent("
            "new KeyboardEvent('keydown', {key: '.'}))")
        check("a step says where it is", "0x" in run(
            "return document.getElementById('map-detail').textContent"))
        facts = "return document.getElementById('what-facts').textContent"
        eager = "const p = document.getElementById('what-policy');" \
            "p.value = arguments[0];" \
            "document.getElementById('what-form').dispatchEvent(" \
            "new Event('input'));" + facts
        check("policies differ", len({run(eager, p) for p in
              ("eager", "deferred", "lazy")}) == 3)
        crash = "document.getElementById('what-crash').value = arguments[0];" \
            "document.getElementById('what-form').dispatchEvent(" \
            "new Event('input'));" \
            "return document.getElementById('what-error').textContent"
        check("64M fit", run(crash, "64M") == "")
        check("and are on the map", "What if" in run(
            "return document.getElementById('map').textContent"))
        check("nonsense is named", "is no size" in run(crash, "nonsense"))
        check("too much is named", "No 900T" in run(crash, "900T"))
        run("const t = document.getElementById('theme'); t.value = 'dark';"
            "t.dispatchEvent(new Event('change'));")
        check("dark is dark", run(
            "return getComputedStyle(document.body).backgroundColor")
            == "rgb(17, 21, 27)")
        run(crash, "256M")
        if folder:
            browser.shoot(f"{folder}/{width}-dark.png")
        pdf = base64.b64decode(browser.ask("POST", "/print", {}))
        check("it prints", pdf.startswith(b"%PDF") and len(pdf) > 10000)
        if folder:
            with open(f"{folder}/{width}.pdf", "wb") as out:
                out.write(pdf)
        loads = [json.loads(e["message"])["message"] for e in
                 browser.log("performance")]
        loads = [m["params"]["request"]["url"] for m in loads
                 if m["method"] == "Network.requestWillBeSent"]
        check(f"it loads {loads}", all(u.startswith(("file:", "data:"))
                                      for u in loads))
        errors = [e["message"] for e in browser.log("browser")
                  if e["level"] == "SEVERE"]
        check(f"errors in use at {width}: {errors}", not errors)
    finally:
        browser.end()


def main():
    if not shutil.which("chromedriver") or not shutil.which("chromium"):
        print("there is no chromium and chromedriver")
        return 77
    folder = sys.argv[2] if len(sys.argv) > 2 else None
    for width in 1440, 390:
        use(sys.argv[1], folder, width)
    return 0


if __name__ == "__main__":
    sys.exit(main())
