/** Keeps what is inside `data-live` as a reload would show it, until a person pauses it. */
import { type Content, html } from "../html.js"

export const liveScript = `
(() => {
  const live = document.querySelector("[data-live]")
  const pause = document.querySelector("[data-pause]")
  const state = document.querySelector("[data-state]")
  let paused = false
  const isBusy = () => {
    const selection = getSelection()
    return paused || document.hidden || (!selection.isCollapsed && live.contains(selection.anchorNode))
  }
  const say = (text) => {
    if (state.textContent !== text) state.textContent = text
  }
  const refresh = async () => {
    const answer = await fetch(location.href, { headers: { accept: "text/html" } })
    const text = await answer.text()
    const fresh = new DOMParser().parseFromString(text, "text/html").querySelector("[data-live]")
    if (isBusy() || fresh === null) return
    for (const { id } of live.querySelectorAll("details[open][id]")) {
      fresh.querySelector("#" + CSS.escape(id))?.setAttribute("open", "")
    }
    if (fresh.innerHTML === live.innerHTML) return
    const focused = live.contains(document.activeElement) ? document.activeElement.id : ""
    live.replaceChildren(...fresh.childNodes)
    if (focused !== "") document.getElementById(focused)?.focus({ preventScroll: true })
  }
  const loop = async () => {
    try {
      if (!isBusy()) await refresh()
      say(paused ? "Paused" : "Live")
    } catch {
      say("The emulator does not answer")
    }
    setTimeout(loop, 1000)
  }
  pause.hidden = false
  pause.addEventListener("click", () => {
    paused = !paused
    pause.setAttribute("aria-pressed", String(paused))
    say(paused ? "Paused" : "Live")
  })
  loop()
})()
`

/** Without the script, a page is as it was when it was loaded. */
export const liveControls: Content = html`<div class="row"><span class="quiet small" role="status" data-state></span>
<button class="slim" type="button" data-pause aria-pressed="false" hidden>Pause</button></div>`
