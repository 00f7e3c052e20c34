"""Rules and verdicts. Pure."""

from trackerwatch.policy.rules import SEVERITIES, Problem, Rule, Severity, Verdict

__all__ = ["SEVERITIES", "Problem", "Rule", "Severity", "Verdict"]
