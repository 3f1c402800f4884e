import { useState } from "react"
import type { Problem } from "./api"

/** What a person has asked of the server: whether it is under way, and what was wrong with it the last time. */
export function useAttempt() {
  const [problem, setProblem] = useState<Problem | null>(null)
  const [busy, setBusy] = useState(false)
  const attempt = async (work: () => Promise<unknown>) => {
    setBusy(true)
    setProblem(null)
    try {
      await work()
    } catch (error) {
      setProblem(error as Problem)
    } finally {
      setBusy(false)
    }
  }
  return { problem, busy, attempt }
}
