// Starts Swagger UI, and carries from one answer to the next request what a visitor would copy by hand: the token, and
// the ids of the lab, the chemical, the container and so on. Nothing outlives the page.
const EXAMPLE_ID = "01993f2e-8a5b-7c1d-9e2f-3a4b5c6d7e8f";
const known = {};
const filledIn = new Set([EXAMPLE_ID]);

// The last part of a path that makes or lists things, and the name by which requests ask for one of them.
const THINGS = {
  labs: "lab_id",
  chemicals: "chemical_id",
  containers: "container_id",
  locations: "location_id",
  invitations: "invitation_id",
};

function learn(answer) {
  if (!answer.ok || !answer.text) return;
  let body;
  try {
    body = JSON.parse(answer.text);
  } catch {
    return;
  }
  const tokens = body.tokens ?? body;
  if (tokens.access_token) {
    ui.preauthorizeApiKey("bearer", tokens.access_token);
    known.refresh_token = tokens.refresh_token;
    known.lab_id ??= tokens.user?.labs?.[0]?.id;
  }
  if (body.challenge_id) known.challenge_id = body.challenge_id;
  if (body.container?.id) known.container_id = body.container.id;
  if (body.event?.id) known.event_id = body.event.id;
  const parts = new URL(answer.url, location.href).pathname.split("/");
  const name = THINGS[parts.at(-1)] ?? THINGS[parts.at(-2)];
  const id = body.id ?? body.items?.[0]?.id;
  if (name && id && (body.id || !known[name])) known[name] = id;
  fill();
}

// React hears of a new value only by its own setter and an event.
function type(element, value) {
  if (element.value === value) return;
  filledIn.add(value);
  Object.getOwnPropertyDescriptor(Object.getPrototypeOf(element), "value").set.call(element, value);
  element.dispatchEvent(new Event(element.tagName === "TEXTAREA" ? "input" : "change", { bubbles: true }));
  element.dispatchEvent(new Event("change", { bubbles: true }));
  // An input of Swagger UI waits for more to be typed, unless it is left.
  element.dispatchEvent(new FocusEvent("focusout", { bubbles: true }));
}

function fill() {
  for (const row of document.querySelectorAll("tr[data-param-in=path]")) {
    const value = known[row.dataset.paramName];
    const input = row.querySelector("input[type=text]");
    if (value && input && (input.value === "" || filledIn.has(input.value))) type(input, value);
  }
  for (const text of document.querySelectorAll("textarea.body-param__text")) {
    const filled = text.value.replace(/"(\w+)": "([^"]*)"/g, (pair, name, value) => {
      const isOurs = filledIn.has(value) || name === "refresh_token";
      if (!known[name] || !isOurs) return pair;
      filledIn.add(known[name]);
      return `"${name}": "${known[name]}"`;
    });
    if (filled !== text.value) type(text, filled);
  }
}

// As values, the examples of filters would leave nothing to be listed.
function withoutFilters(document) {
  for (const operations of Object.values(document.paths)) {
    for (const { parameters = [] } of Object.values(operations)) {
      for (const parameter of parameters.filter((it) => it.in === "query" && !it.required && it.example !== undefined)) {
        parameter.description += ` Example: \`${parameter.example}\``;
        delete parameter.example;
        delete parameter.schema?.example;
      }
    }
  }
  return document;
}

let ui;
async function start() {
  const document = await (await fetch("/openapi.json")).json();
  ui = SwaggerUIBundle({
    spec: withoutFilters(document),
    dom_id: "#swagger-ui",
    layout: "BaseLayout",
    presets: [SwaggerUIBundle.presets.apis],
    deepLinking: true,
    tryItOutEnabled: true,
    persistAuthorization: false,
    validatorUrl: null,
    responseInterceptor: (answer) => {
      learn(answer);
      return answer;
    },
  });
  const page = globalThis.document.getElementById("swagger-ui");
  new MutationObserver(fill).observe(page, { childList: true, subtree: true });
}
start();
