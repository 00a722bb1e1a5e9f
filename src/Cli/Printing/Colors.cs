namespace Fleet.Cli.Printing;

/// <summary>Colours text for a terminal. A colour repeats what a word says; it never says anything alone.</summary>
internal static class Colors
{
    private const string Reset = "\u001B[0m";

    public static string Bold(string text) => $"\u001B[1m{text}{Reset}";

    public static string Dim(string text) => $"\u001B[90m{text}{Reset}";

    /// <summary>A state, a status or an outcome in its colour.</summary>
    public static string State(string state) => CodeOf(state.Trim()) is { } code ? $"\u001B[{code}m{state}{Reset}" : state;

    private static int? CodeOf(string state) => state switch
    {
        "succeeded" or "active" or "ok" or "created" or "healthy" => 32,
        "failed" or "crashed" or "dead" or "refused" or "unhealthy" => 31,
        "running" or "ready" => 36,
        "canceled" or "paused" or "draining" or "missing" or "warning" or "degraded" => 33,
        "stopped" or "gone" or "skipped" or "unserved" => 90,
        _ => null,
    };
}
