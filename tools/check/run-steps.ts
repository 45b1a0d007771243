import { startProgress } from "./progress.ts";

/** What a step found: how many tests passed, failed and were skipped, and what a reader needs of the failures. */
export type Outcome = Readonly<{ passed: number; failed: number; skipped: number; output: string; note?: string }>;

export type Totals = Readonly<Pick<Outcome, "passed" | "failed" | "skipped">>;

/** One thing that CI checks. `run` calls `report` with a few words about how far it is. */
export type Step = Readonly<{ name: string; run: (report: (progress: string) => void) => Promise<Outcome> }>;

/** Runs the steps one after the other, each on a line of its own, and adds up what they found. */
export async function runSteps(steps: readonly Step[], print: (line: string) => void): Promise<Totals> {
  const width = Math.max(...steps.map((step) => step.name.length));
  let totals: Totals = { passed: 0, failed: 0, skipped: 0 };
  for (const step of steps) {
    const outcome = await runStep(step, width, print);
    totals = {
      passed: totals.passed + outcome.passed,
      failed: totals.failed + outcome.failed,
      skipped: totals.skipped + outcome.skipped,
    };
  }
  return totals;
}

/** The last line of a run, in the form that CI reads: `N passed, N failed`, and what was skipped where something was. */
export function describeTotals({ passed, failed, skipped }: Totals): string {
  return `${passed} passed, ${failed} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`;
}

async function runStep(step: Step, width: number, print: (line: string) => void): Promise<Outcome> {
  const startedAt = performance.now();
  const progress = startProgress(step.name);
  const outcome = await outcomeOf(step, progress.report);
  progress.end();
  const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
  const verdict = outcome.failed > 0 ? "FAILED" : outcome.passed > 0 ? "ok" : "skipped";
  const note = outcome.note === undefined ? "" : `  ${outcome.note}`;
  print(`${step.name.padEnd(width)}  ${verdict.padEnd(7)} ${seconds.padStart(6)} s${note}`);
  if (outcome.failed > 0) print(`${indent(outcome.output)}\n`);
  return outcome;
}

/** A step that cannot even start has failed. */
async function outcomeOf(step: Step, report: (progress: string) => void): Promise<Outcome> {
  try {
    return await step.run(report);
  } catch (error) {
    const output = error instanceof Error ? (error.stack ?? error.message) : String(error);
    return { passed: 0, failed: 1, skipped: 0, output };
  }
}

function indent(text: string): string {
  return text.trimEnd().replaceAll(/^(?=.)/gm, "  ");
}
