"use strict";

// Shows the OpenAPI document of this surface; asks for a sign-in first when the server wants one.
const signIn = document.getElementById("sign-in");
const refusal = document.getElementById("refusal");

async function show() {
  const answer = await fetch("openapi.json", { headers: { Accept: "application/json" } });
  signIn.hidden = answer.status !== 401;
  if (!answer.ok) {
    return;
  }
  SwaggerUIBundle({
    spec: await answer.json(),
    dom_id: "#documentation",
    deepLinking: true,
    docExpansion: "none",
    filter: true,
    validatorUrl: null,
  });
}

signIn.addEventListener("submit", async (event) => {
  event.preventDefault();
  const sent = Object.fromEntries(new FormData(signIn));
  const answer = await fetch("auth/sign-in", {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify(sent),
  });
  if (answer.ok) {
    refusal.textContent = "";
    await show();
  } else {
    refusal.textContent = (await answer.json()).error.message;
  }
});

show();
