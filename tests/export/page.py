"""page.py - the HTML page draws itself in a browser without a network, and names of a process are
only ever text on it."""
import os
import re
import shutil
import subprocess
import sys
import tempfile

import documents

BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")


def drawn(browser, folder, page):
    """The page's document after its script ran."""
    said = subprocess.run(
        [browser, "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage",
         "--host-resolver-rules=MAP * ~NOTFOUND", "--user-data-dir=" + os.path.join(folder, "profile"),
         "--window-size=1200,800", "--dump-dom", "file://" + page],
        capture_output=True, text=True, env=dict(os.environ, HOME=folder), timeout=120)
    assert said.returncode == 0, said
    return said.stdout


def main():
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    if browser is None:
        print("SKIP: needs chromium")
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        dummy = documents.dummy(folder)
        hostile = documents.write(folder, "hostile.json", documents.hostile())
        empty = documents.write(folder, "empty.json", documents.snapshot([]))
        many = documents.write(folder, "many.json", documents.many(10000))
        pages = {}
        for path in (dummy, hostile, empty, many):
            page = documents.export(path, path.replace(".json", ".html"))
            pages[path] = drawn(browser, folder, page)
            assert 'data-drawn="yes"' in pages[path], pages[path][-3000:]
        shown = pages[dummy]
        assert re.search(r"<title>leaktop 41207@web-3</title>", shown)
        assert re.search(r'tabindex="0"[^>]*>price_key shop/cart.py:88</div>', shown)
        for title in ("Stacks, by allocating line", "Types", "Containers", "Who holds"):
            assert "<h2>" + title in shown, title
        growth = drawn(browser, folder, documents.export(
            dummy, os.path.join(folder, "d.html"), "--delta"))
        assert re.search(r'id="grown"[^>]*aria-pressed="true"', growth) and " more</span>" in growth
        assert pages[hostile].count("<script") == 2 and "<img" not in pages[hostile]
        assert "<title>leaktop 1@" in pages[hostile]
        assert "&lt;img src=x onerror=" in pages[hostile]
        assert "nothing alive" in pages[empty] and "<h2>Stacks" not in pages[empty]
        assert pages[many].count('tabindex="0"') > 100
        print("boxes of 10,000 stacks:", pages[many].count('tabindex="0"'))


main()
