/// Passkeys: between the server, which asks, and the device, which answers. The words are the page's own.

import { showLocalTimes } from "./times"

/// What a server asks of a device, with the secret by which the answer is handed in.
interface Asked {
  request: string
  publicKey: PublicKeyCredentialCreationOptionsJSON & PublicKeyCredentialRequestOptionsJSON
}

const ways = {
  add: { begin: "/api/me/passkeys/begin", finish: "/api/me/passkeys/finish" },
  "sign-in": { begin: "/api/auth/passkey/begin", finish: "/api/auth/passkey/finish" },
} as const

/// Why nothing was done, in a sentence for the person.
class Refused extends Error {}

function bytes(text: string): ArrayBuffer {
  const plain = atob(text.replaceAll("-", "+").replaceAll("_", "/"))
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0)).buffer
}

function text(buffer: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(buffer))
  return btoa(plain).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "")
}

/// Browsers of before 2025 read the options only in their own form.
export function creation(asked: PublicKeyCredentialCreationOptionsJSON): PublicKeyCredentialCreationOptions {
  if (PublicKeyCredential.parseCreationOptionsFromJSON)
    return PublicKeyCredential.parseCreationOptionsFromJSON(asked)
  const { challenge, user, excludeCredentials = [], ...rest } = asked
  return {
    ...rest,
    challenge: bytes(challenge),
    user: { ...user, id: bytes(user.id) },
    excludeCredentials: excludeCredentials.map(({ id }) => ({ type: "public-key", id: bytes(id) })),
  } as PublicKeyCredentialCreationOptions
}

export function request(asked: PublicKeyCredentialRequestOptionsJSON): PublicKeyCredentialRequestOptions {
  if (PublicKeyCredential.parseRequestOptionsFromJSON)
    return PublicKeyCredential.parseRequestOptionsFromJSON(asked)
  const { challenge, allowCredentials: _, ...rest } = asked
  return { ...rest, challenge: bytes(challenge) } as PublicKeyCredentialRequestOptions
}

/// What a device has answered, as it goes to the server.
export function json(credential: PublicKeyCredential): unknown {
  if (typeof credential.toJSON === "function") return credential.toJSON()
  const { id, rawId, type, response } = credential
  const parts: Record<string, string | null> = { clientDataJSON: text(response.clientDataJSON) }
  if ("attestationObject" in response) {
    parts.attestationObject = text((response as AuthenticatorAttestationResponse).attestationObject)
  } else {
    const { authenticatorData, signature, userHandle } = response as AuthenticatorAssertionResponse
    parts.authenticatorData = text(authenticatorData)
    parts.signature = text(signature)
    parts.userHandle = userHandle && text(userHandle)
  }
  const clientExtensionResults = credential.getClientExtensionResults()
  return { id, rawId: text(rawId), type, response: parts, clientExtensionResults }
}

async function send<T>(path: string, body: unknown): Promise<T> {
  const answer = await fetch(path, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  })
  const said = await answer.json().catch(() => ({}))
  if (!answer.ok) throw new Refused([said.detail, said.hint].filter(Boolean).join(" "))
  return said
}

/// Asks, lets the device answer, and hands the answer in.
async function through(way: keyof typeof ways, name: string): Promise<void> {
  const asked = await send<Asked>(ways[way].begin, {})
  const credential =
    way === "add"
      ? await navigator.credentials.create({ publicKey: creation(asked.publicKey) })
      : await navigator.credentials.get({ publicKey: request(asked.publicKey) })
  const answer = { request: asked.request, name, credential: json(credential as PublicKeyCredential) }
  await send(ways[way].finish, answer)
}

/// Which of the page's sentences says what went wrong.
function trouble(error: unknown): string {
  if (error instanceof DOMException) return error.name === "InvalidStateError" ? "there" : "cancelled"
  return "offline"
}

export function prepare(form: HTMLFormElement): void {
  const { passkey: way, origin, next } = form.dataset as { passkey: keyof typeof ways } & DOMStringMap
  const line = form.querySelector<HTMLElement>("[data-said]")
  const words = (kind: string) =>
    form.querySelector<HTMLTemplateElement>(`template[data-words="${kind}"]`)?.content.textContent ?? ""
  const say = (sentence: string) => {
    if (!line) return
    line.hidden = sentence === ""
    line.textContent = sentence
  }
  for (const lack of form.querySelectorAll<HTMLElement>("[data-no-script]")) lack.hidden = true
  if (origin && origin !== location.origin) {
    say(words("elsewhere"))
    const there = document.createElement("a")
    there.href = new URL(location.pathname, origin).href
    there.textContent = origin
    line?.append(there)
    return
  }
  if (!("PublicKeyCredential" in window)) {
    say(words("unable"))
    return
  }
  for (const part of form.querySelectorAll<HTMLElement>("[data-needs-script]")) part.hidden = false
  const button = form.querySelector("button")
  form.addEventListener("submit", (event) => {
    event.preventDefault()
    // A second press would take the device's question away from the first.
    if (button?.getAttribute("aria-disabled") === "true") return
    button?.setAttribute("aria-disabled", "true")
    say(words("wait"))
    const name = form.querySelector("input")?.value ?? ""
    through(way, name)
      .then(() => location.assign(next ?? "/"))
      .catch((error: unknown) => {
        say(error instanceof Refused && error.message ? error.message : words(trouble(error)))
        button?.removeAttribute("aria-disabled")
      })
  })
}

showLocalTimes(document)
for (const form of document.querySelectorAll<HTMLFormElement>("form[data-passkey]")) prepare(form)
