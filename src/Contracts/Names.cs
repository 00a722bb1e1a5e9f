namespace Fleet;

/// <summary>The names of jobs, events, schedules and lanes.</summary>
internal static class Names
{
    /// <summary>Maximum number of characters of the name of a job, an event or a schedule.</summary>
    public const int MaxLength = 128;

    /// <summary>What is allowed, for errors.</summary>
    public const string Allowed = "1–128 characters: lower-case letters, digits, '.', '_', '-', starting with a letter or digit";

    /// <summary>Whether a text can be a name.</summary>
    public static bool IsName(string? name, int maxLength = MaxLength) =>
        name is { Length: > 0 } && name.Length <= maxLength
        && char.IsAsciiLetterOrDigit(name[0])
        && name.All(c => char.IsAsciiLetterLower(c) || char.IsAsciiDigit(c) || c is '.' or '_' or '-');
}
