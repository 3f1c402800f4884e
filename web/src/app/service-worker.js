/*
 * Lets the workspace open without the network. The build puts VERSION and FILES
 * (the built assets) in front. Only the shell of a plan and those files are
 * kept; answers of the API never are, since they belong to a person.
 */
const CACHE = `quorate-shell-${VERSION}`
const SESSION_CACHE = "quorate-session"
const SHELL = /^\/plans\/[^/]+$/

self.addEventListener("install", (event) => {
  event.waitUntil(
    caches
      .open(CACHE)
      .then((cache) => cache.addAll(FILES))
      .then(() => self.skipWaiting()),
  )
})

self.addEventListener("activate", (event) => {
  event.waitUntil(
    caches
      .keys()
      .then((names) => names.filter((name) => name.startsWith("quorate-shell-") && name !== CACHE))
      .then((old) => Promise.all(old.map((name) => caches.delete(name))))
      .then(() => self.clients.claim()),
  )
})

/* The first visit is loaded before this worker is in charge: the page asks for its shell to be kept. */
self.addEventListener("message", (event) => {
  const path = event.data?.keep
  if (typeof path === "string" && SHELL.test(path)) {
    event.waitUntil(
      fetch(path, { headers: { accept: "text/html" } })
        .then((response) => keep(path, response))
        .catch(() => {}),
    )
  }
})

self.addEventListener("fetch", (event) => {
  const { request } = event
  const url = new URL(request.url)
  if (url.origin !== self.location.origin) return
  if (request.method === "POST" && /^\/api\/(demo\/sign-in|session\/end)$/.test(url.pathname)) {
    /* Whoever was here before is not the one who opens the shell offline next. */
    event.waitUntil(Promise.all([caches.delete(SESSION_CACHE), forgetShells()]))
    return
  }
  if (request.method !== "GET") return
  if (url.pathname.startsWith("/assets/")) {
    event.respondWith(caches.match(request, { ignoreSearch: true }).then((found) => found ?? fetch(request)))
    return
  }
  if (request.mode === "navigate" && SHELL.test(url.pathname)) {
    event.respondWith(
      fetch(request).then(
        (response) => {
          event.waitUntil(keep(url.pathname, response.clone()))
          return response
        },
        (error) =>
          caches.open(CACHE).then((cache) =>
            cache.match(url.pathname).then((found) => {
              if (found) return found
              throw error
            }),
          ),
      ),
    )
  }
})

/* A redirect (to the sign-in) is no shell. */
async function keep(path, response) {
  if (!response.ok || response.redirected) return
  const cache = await caches.open(CACHE)
  await cache.put(path, response)
}

/* A shell names its plan, which the next person may not be allowed to see. */
async function forgetShells() {
  const cache = await caches.open(CACHE)
  const kept = await cache.keys()
  await Promise.all(
    kept.filter(({ url }) => SHELL.test(new URL(url).pathname)).map((request) => cache.delete(request)),
  )
}
