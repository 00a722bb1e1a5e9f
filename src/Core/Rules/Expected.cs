namespace Fleet.Core.Rules;

/// <summary>What must be stored at the moment of a change, so that two people who edit the same thing do not overwrite each other. Verbs
/// check it in the transaction of the change.</summary>
public sealed class Expected
{
    /// <summary>The change is made whatever is stored. For programs, and for actions that an emergency needs.</summary>
    public static readonly Expected Anything = new();

    /// <summary>Nothing may be stored: the change creates.</summary>
    public static readonly Expected Nothing = new();

    /// <summary>Something must be stored, in any version.</summary>
    public static readonly Expected AnyVersion = new();

    /// <summary>The caller did not say what it expects: it may create, and may change nothing that is stored.</summary>
    public static readonly Expected Unsaid = new();

    private readonly string[] _versions = [];

    private Expected()
    {
    }

    /// <summary>One of these versions must be stored.</summary>
    public static Expected OneOf(IEnumerable<string> versions) => new([.. versions]);

    private Expected(string[] versions) => _versions = versions;

    /// <summary>Checks what is stored.</summary>
    /// <param name="stored">The version that is stored; null when nothing is.</param>
    /// <exception cref="UnexpectedVersionException">Something else is stored.</exception>
    /// <exception cref="InvalidRunException">The caller must say what it expects (<c>precondition_required</c>).</exception>
    public void Check(string? stored)
    {
        if (ReferenceEquals(this, Anything))
            return;
        if (ReferenceEquals(this, Unsaid))
        {
            if (stored is not null)
                throw new InvalidRunException(MustSay(stored));
            return;
        }

        var isMet = ReferenceEquals(this, Nothing) ? stored is null
            : ReferenceEquals(this, AnyVersion) ? stored is not null
            : stored is not null && _versions.Contains(stored, StringComparer.Ordinal);
        if (!isMet)
            throw new UnexpectedVersionException(stored);
    }

    private static InputError MustSay(string stored) => new(
        "precondition_required", "If-Match",
        "If-Match: it is missing. Send the ETag of what you read, so that you do not overwrite what somebody else changed meanwhile, "
            + "or * to change it whatever it is.",
        null, $"\"{stored}\" or *");
}

/// <summary>Something else is stored than the caller expects: somebody changed, created or deleted it meanwhile.</summary>
/// <param name="stored">The version that is stored; null when nothing is.</param>
public sealed class UnexpectedVersionException(string? stored) : Exception(
    stored is null ? "It is not there: somebody may have deleted it." : $"It was changed meanwhile; its version is {stored} now.")
{
    /// <summary>The version that is stored; null when nothing is.</summary>
    public string? Stored { get; } = stored;
}
