/// The replay page, with a script: the page that the server made already works by links and a form; here the
/// moment is fetched and put in place as one slides, steps or plays, and the address follows.

import { Walk } from "./walk"

const moment = document.getElementById("moment")
const slider = document.querySelector<HTMLInputElement>("#slider input[type=range]")
const said = document.getElementById("said")
if (moment && slider && said) {
  document.documentElement.classList.add("scripted")
  new Walk(moment, slider, said).begin()
}
