// The day of an app, with the types that openapi-typescript makes and with no cast: log in, register a bottle, take from
// it, scan it, note something on it.
import assert from "node:assert/strict";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

const api = createClient<paths>({ baseUrl: process.env.CHEMSTOCK_URL ?? "" });

const request = await api.POST("/v1/auth/otp/request", { body: { phone: "+15005550006" } });
assert(request.data, JSON.stringify(request.error));
const login = await api.POST("/v1/auth/otp/verify", {
  body: { challenge_id: request.data.challenge_id, code: "123456" },
});
assert(login.data, JSON.stringify(login.error));
const token = login.data.access_token;
api.use({ onRequest: ({ request }) => request.headers.set("Authorization", `Bearer ${token}`) });

const me = await api.PATCH("/v1/me", { params: { header: { "If-Match": "*" } }, body: { language: "de" } });
assert.equal(me.data?.language, "de");

const lab = await api.POST("/v1/labs", { body: { name: "TypeScript" } });
assert(lab.data, JSON.stringify(lab.error));
const lab_id = lab.data.id;
const chemical = await api.POST("/v1/chemicals", { body: { name: "Acetonitrile", density: "0.786" } });
assert(chemical.data, JSON.stringify(chemical.error));
const bottle = await api.POST("/v1/labs/{lab_id}/containers", {
  params: { path: { lab_id } },
  body: { chemical_id: chemical.data.id, amount: { value: "500", unit: "mL" }, lot: "A1", expires_on: "2030-12-31" },
});
assert(bottle.data, JSON.stringify(bottle.error));
const container_id = bottle.data.id;
const path = { lab_id, container_id };

const event: components["schemas"]["NewEvent"] = { type: "withdraw", amount: { value: "100", unit: "mL" } };
const posted = await api.POST("/v1/labs/{lab_id}/containers/{container_id}/events", { params: { path }, body: event });
assert.equal(posted.data?.container.amount.value, "400");
const refused = await api.POST("/v1/labs/{lab_id}/containers/{container_id}/events", {
  params: { path },
  body: { type: "check_in" },
});
assert.equal(refused.response.status, 409);
assert(refused.error?.allowed_actions?.includes("withdraw"));

const scan = await api.GET("/v1/labs/{lab_id}/scan/{code}", { params: { path: { lab_id, code: bottle.data.code } } });
assert.equal(scan.data?.type, "container");
assert.equal(scan.data?.container?.id, container_id);

const read = await api.GET("/v1/labs/{lab_id}/containers/{container_id}", { params: { path } });
const noted = await api.PATCH("/v1/labs/{lab_id}/containers/{container_id}", {
  params: { path, header: { "If-Match": `"${read.data?.version}"` } },
  body: { note: "for the HPLC only" },
});
assert.equal(noted.data?.note, "for the HPLC only");
assert.equal(noted.data?.lot, "A1");
assert.equal(noted.data?.expires_on, "2030-12-31");
const cleared = await api.PATCH("/v1/labs/{lab_id}/containers/{container_id}", {
  params: { path, header: { "If-Match": "*" } },
  body: { clear: ["lot"] },
});
assert.equal(cleared.data?.lot, null);

const page = await api.GET("/v1/labs/{lab_id}/containers", { params: { path: { lab_id }, query: { limit: 10 } } });
const items: components["schemas"]["Container"][] = page.data?.items ?? [];
assert.equal(items.length, 1);
console.log("TypeScript: a session of 12 requests");
