"""How well the catalogue is searched, over HTTP: how often a name with a slip finds its substance, and what a search that
finds nothing costs beside one that does. `scripts/bench --recall` starts the server and fills its catalogue.

Usage: recall.py URL USUAL.tsv [MISSED]
URL is of a server with TEST_PHONE_NUMBERS as scripts/bench sets them. USUAL.tsv names the substances that are asked for,
each by its CAS number in the second column; all are in the catalogue. What was not found is written to MISSED.
"""

import http.client
import json
import random
import re
import sys
import threading
import time
import urllib.parse

SEED = 20_261_127
NAMES = 2000
PEOPLE = 24
KINDS = ["dropped", "doubled", "swapped", "wrong"]
# Of a search.
LONGEST = 200
LENGTHS = [(4, 5), (6, 8), (9, 12), (13, 99)]


class Person:
    """Somebody who is signed in, with a connection of their own."""

    def __init__(self, url, n):
        self.server = http.client.HTTPConnection(urllib.parse.urlsplit(url).netloc)
        phone = f"+1201555{101 + n:04}"
        asked = self.call("POST", "/v1/auth/otp/request", {"phone": phone})
        attempt = {"challenge_id": asked["challenge_id"], "code": "123456"}
        self.token = self.call("POST", "/v1/auth/otp/verify", attempt)["access_token"]

    token = None

    def call(self, method, path, body=None):
        headers = {"Content-Type": "application/json"}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        self.server.request(method, path, body and json.dumps(body), headers)
        answer = self.server.getresponse()
        text = answer.read()
        assert answer.status < 300, f"{method} {path}: {answer.status} {text.decode()}"
        return json.loads(text)

    def search(self, q):
        return self.call("GET", "/v1/chemicals?q=" + urllib.parse.quote(q))["items"]


# --- what is asked


def words(name):
    """Where the words of four letters or more stand."""
    return [match.span() for match in re.finditer(r"[^\W\d_]{4,}", name)]


def slip(kind, name, chance):
    """The name with one slip in one of its words, and the length of that word."""
    start, end = chance.choice(words(name))
    at = chance.randrange(start, end - (kind == "swapped"))
    here, after = name[at], name[at + 1 :]
    if kind == "dropped":
        middle = ""
    elif kind == "doubled":
        middle = here + here
    elif kind == "swapped":
        middle, after = after[0] + here, after[1:]
    else:
        middle = chance.choice([c for c in "abcdefghijklmnopqrstuvwxyz" if c != here.lower()])
    return name[:at] + middle + after, end - start


def slips(chemicals, chance):
    """(kind, length of the word, what is typed, the CAS number that is meant): as many of each kind."""
    asked = []
    named = [chemical for chemical in chemicals if words(chemical["name"])]
    while len(asked) < NAMES:
        chemical, kind = chance.choice(named), KINDS[len(asked) % len(KINDS)]
        typed, length = slip(kind, chemical["name"], chance)
        if typed != chemical["name"]:
            asked.append((kind, length, typed, chemical["cas"]))
    return asked


def gibberish(name, chance):
    """As long as the name, and nothing is called so."""
    return re.sub(r"[^\W\d_]", lambda _: chance.choice("bcdfghjklmnpqrstvwxz"), name)


# --- what is measured


def rank(found, cas):
    return next((n for n, chemical in enumerate(found, 1) if chemical["cas"] == cas), None)


def share(ranks, within):
    return sum(1 for rank in ranks if rank and rank <= within) / len(ranks)


def percentile(values, part):
    return sorted(values)[int(len(values) * part)] * 1000


def timed(task, *arguments):
    began = time.perf_counter()
    answer = task(*arguments)
    return time.perf_counter() - began, answer


def table(title, rows):
    print(f"\n| {title} | asked | first | in five | in twenty |\n| --- | --: | --: | --: | --: |")
    for name, ranks in rows:
        if ranks:
            print(f"| {name} | {len(ranks)} | {share(ranks, 1):.3f} | {share(ranks, 5):.3f} | {share(ranks, 20):.3f} |")


def recall(person, chemicals, chance):
    asked = slips(chemicals, chance)
    answers = [timed(person.search, typed) for _, _, typed, _ in asked]
    ranks = [rank(found, cas) for (_, found), (*_, cas) in zip(answers, asked)]
    for (kind, _, typed, cas), place, (_, found) in zip(asked, ranks, answers):
        if missed and (not place or place > 5):
            chance_hit = found[0]["name"] if found else "-"
            print(kind, typed, cas, place or "-", len(found), chance_hit, sep="\t", file=missed)
    by = lambda test: [rank for rank, about in zip(ranks, asked) if test(about)]
    table("one slip", [("all", ranks)] + [(kind, by(lambda it, kind=kind: it[0] == kind)) for kind in KINDS])
    table("letters of the word", [(f"{a} to {b}", by(lambda it, a=a, b=b: a <= it[1] <= b)) for a, b in LENGTHS])

    some = chance.sample(chemicals, 500)
    exact = {
        "name": [(it["name"], it) for it in some],
        "synonym": [(chance.choice(it["synonyms"])[:LONGEST], it) for it in some if it["synonyms"]],
        "CAS number": [(it["cas"], it) for it in some],
        "CAS number without hyphens": [(it["cas"].replace("-", ""), it) for it in some],
        "first three letters of the name": [(it["name"][:3], it) for it in some],
        "first five letters of the name": [(it["name"][:5], it) for it in some],
    }
    found = {name: [(person.search(q), it, q) for q, it in asked] for name, asked in exact.items()}
    table("as it is written", [(name, [rank(a, it["cas"]) for a, it, _ in written]) for name, written in found.items()])
    for name, written in found.items():
        for a, it, q in written:
            if missed and rank(a, it["cas"]) != 1 and "letters" not in name:
                print(name, q, it["cas"], rank(a, it["cas"]) or "-", len(a), a[0]["name"] if a else "-", sep="\t", file=missed)
    took = [seconds for seconds, _ in answers]
    print(f"\na search with a slip takes {percentile(took, .5):.1f} ms (p50), {percentile(took, .99):.1f} ms (p99)")


def recall_in_lab(person, chemicals, chance):
    """The same among the bottles of a lab that has every seventh; answers the path of one of them."""
    lab = person.call("POST", "/v1/labs", {"name": f"Bench {time.time()}"})
    path, has = f"/v1/labs/{lab['id']}/containers", chemicals[::7]
    for chemical in has:
        amount = {"value": "500", "unit": "mL"}
        bottle = person.call("POST", path, {"chemical_id": chemical["id"], "amount": amount})
    asked = slips(has, chance)[:500]
    ranks = []
    for _, _, typed, meant in asked:
        found = person.call("GET", f"{path}?limit=20&q={urllib.parse.quote(typed)}")["items"]
        ranks.append(rank([it["chemical"] for it in found], meant))
        if missed and not ranks[-1]:
            print("lab", typed, meant, len(found), sep="\t", file=missed)
    table(f"one slip, in a lab of {len(has)} bottles", [("all", ranks)])
    return f"{path}/{bottle['id']}"


def searches(people, texts):
    """All people at once, each with their part of the texts; how long the searches took, and all of them together."""
    took = []

    def ask(person, mine):
        took.extend(timed(person.search, q)[0] for q in mine)

    threads = [threading.Thread(target=ask, args=(it, texts[n :: len(people)])) for n, it in enumerate(people)]
    whole, _ = timed(lambda: [each() for each in [t.start for t in threads] + [t.join for t in threads]])
    return took, whole


def gets_beside(person, path, work):
    """How long gets take while the work is done."""
    took, done = [], threading.Event()

    def get():
        while not done.is_set():
            took.append(timed(person.call, "GET", path)[0])
            time.sleep(0.002)

    thread = threading.Thread(target=get)
    thread.start()
    answer = work()
    done.set()
    thread.join()
    return took, answer


def cost(people, path, chemicals, chance):
    names = [chance.choice(chemicals)["name"] for _ in range(480)]
    words_of_all = [word for name in names for word in re.findall(r"[^\W\d_]{4,}", name)]
    kinds = {
        "find": names,
        "find nothing: no word is known": [gibberish(name, chance) for name in names],
        "find nothing: four words that do not go together": [" ".join(chance.sample(words_of_all, 4)) for _ in names],
    }
    owner = people[0]
    quiet, _ = gets_beside(owner, path, lambda: time.sleep(2))
    alone, crowd, gets = {}, {}, {}
    for kind, texts in kinds.items():
        searches(people[:1], texts[:40])
        alone[kind], _ = searches(people[:1], texts)
        gets[kind], (_, crowd[kind]) = gets_beside(owner, path, lambda texts=texts: searches(people[1:], texts))
    print(f"\n| {len(names)} searches that | p50 ms | p99 ms | a second, {PEOPLE} people at once | a get beside them, p50 | p99 |")
    print("| --- | --: | --: | --: | --: | --: |")
    for kind in alone:
        one = f"{percentile(alone[kind], .5):.1f} | {percentile(alone[kind], .99):.1f}"
        print(f"| {kind} | {one} | {len(names) / crowd[kind]:.0f} | {percentile(gets[kind], .5):.1f} | {percentile(gets[kind], .99):.1f} |")
    print(f"| none | | | | {percentile(quiet, .5):.1f} | {percentile(quiet, .99):.1f} |")
    print()
    for kind in list(kinds)[1:]:
        one, many = sum(alone[kind]) / sum(alone["find"]), crowd[kind] / crowd["find"]
        print(f"{kind}: costs {one:.2f} of finding one at a time, {many:.2f} at once")


url, usual = sys.argv[1:3]
missed = open(sys.argv[3], "w") if len(sys.argv) > 3 else None
chance = random.Random(SEED)
person = Person(url, 0)
with open(usual) as lines:
    numbers = [line.split("\t")[1] for line in lines]
substances = [person.call("GET", "/v1/chemicals/lookup?cas=" + number) for number in numbers]
recall(person, substances, chance)
bottle = recall_in_lab(person, substances, chance)
cost([Person(url, n) for n in range(PEOPLE + 1)], bottle, substances, chance)
