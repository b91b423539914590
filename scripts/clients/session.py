"""The day of an app, with the client that openapi-python-client makes."""

import os

from chemstock_client import AuthenticatedClient, Client
from chemstock_client.api.catalogue import create_chemical
from chemstock_client.api.containers import create_container, list_containers, post_event, scan_code, update_container
from chemstock_client.api.login import request_code, verify_code
from chemstock_client.api.people import create_lab, update_me
from chemstock_client.models import (
    Action,
    CodeAttempt,
    CodeRequest,
    ContainerPatch,
    EventType,
    Language,
    NewChemical,
    NewContainer,
    NewEvent,
    NewLab,
    Problem,
    Quantity,
    Unit,
    UserPatch,
)

url = os.environ["CHEMSTOCK_URL"]


def done(answer):
    """The body of a success."""
    assert answer is not None and not isinstance(answer, Problem), answer
    return answer


nobody = Client(base_url=url)
asked = done(request_code.sync(client=nobody, body=CodeRequest(phone="+15005550006")))
pair = done(verify_code.sync(client=nobody, body=CodeAttempt(challenge_id=asked.challenge_id, code="123456")))
api = AuthenticatedClient(base_url=url, token=pair.access_token)

me = done(update_me.sync(client=api, if_match="*", body=UserPatch(language=Language("fr"))))
assert me.language == "fr", me

lab = done(create_lab.sync(client=api, body=NewLab(name="Python")))
chemical = done(create_chemical.sync(client=api, body=NewChemical(name="Toluene", density="0.867")))
amount = Quantity(value="500", unit=Unit("mL"))
new = NewContainer(chemical_id=chemical.id, amount=amount, lot="A1")
bottle = done(create_container.sync(lab.id, client=api, body=new))

withdrawal = NewEvent(type_=EventType("withdraw"), amount=Quantity(value="100", unit=Unit("mL")))
posted = done(post_event.sync(lab.id, bottle.id, client=api, body=withdrawal))
assert posted.container.amount.value == "400", posted
refused = post_event.sync(lab.id, bottle.id, client=api, body=NewEvent(type_=EventType("check_in")))
assert isinstance(refused, Problem) and Action("withdraw") in refused.allowed_actions, refused

scanned = done(scan_code.sync(lab.id, bottle.code, client=api))
assert scanned.type_ == "container" and scanned.container.id == bottle.id, scanned

patch = ContainerPatch(note="for the HPLC only")
noted = done(update_container.sync(lab.id, bottle.id, client=api, if_match=f'"{posted.container.version}"', body=patch))
assert (noted.note, noted.lot) == ("for the HPLC only", "A1"), noted

page = done(list_containers.sync(lab.id, client=api))
assert [item.id for item in page.items] == [bottle.id], page
print("Python: a session of 10 requests")
