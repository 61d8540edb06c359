// axe-core's findings about the whole page, in short.
() =>
  axe.run(document, { iframes: false, resultTypes: ["violations", "incomplete"] }).then((found) => {
    const short = (rule) => ({
      rule: rule.id.slice(0, 60),
      impact: rule.impact ?? "minor",
      help: rule.help.slice(0, 200),
      count: rule.nodes.length,
      where: String(rule.nodes[0]?.target?.[0] ?? "").slice(0, 200),
    });
    return {
      violations: found.violations.slice(0, 60).map(short),
      undecided: found.incomplete.slice(0, 60).map(short),
      applied: found.violations.length + found.incomplete.length + found.passes.length,
    };
  })
