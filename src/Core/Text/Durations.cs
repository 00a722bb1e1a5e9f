namespace Fleet.Core.Text;

/// <summary>Durations as people write them, in the API, the configuration and on the command line. Shared with the client, which does
/// without Core.</summary>
public static class Durations
{
    /// <inheritdoc cref="DurationText.Allowed"/>
    public const string Allowed = DurationText.Allowed;

    /// <inheritdoc cref="DurationText.TryParse"/>
    public static bool TryParse(string? text, out TimeSpan value) => DurationText.TryParse(text, out value);
}
