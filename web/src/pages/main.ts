/// Pages without a script of their own.

import { showLocalTimes } from "./times"

showLocalTimes(document)
