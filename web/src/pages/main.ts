/// Pages without a script of their own.

import { takeLocalTimes } from "./inputs"
import { showLocalTimes } from "./times"

showLocalTimes(document)
takeLocalTimes(document)
