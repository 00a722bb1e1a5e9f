namespace Fleet.Engine.Execution;

/// <summary>The secrets of the run whose handler the current code belongs to. Whatever writes a log of the process asks here: a handler may
/// log its args.</summary>
public static class RunSecrets
{
    /// <summary>Puts <see cref="SecretAttribute.Redacted"/> in the place of each secret.</summary>
    public static string CutOf(string text) => CurrentRun.Value is { } handle ? handle.Secrets.CutOf(text) : text;
}
