/// Pages without a script of their own.

import { offerCopies } from "./copy"
import { takeLocalTimes } from "./inputs"
import { showLocalTimes } from "./times"

showLocalTimes(document)
takeLocalTimes(document)
offerCopies(document)
