using System.Text;

namespace Fleet.Core.Text;

/// <summary>Why an attempt failed, as it is stored.</summary>
/// <param name="Type">The exception's type name, at most 200 characters.</param>
/// <param name="Message">Its message, then type and message of each exception that it wraps; at most 2,000 characters.</param>
/// <param name="Stack">Its stack trace, that of the innermost exception first; at most 4,000 characters.</param>
public sealed record RunError(string Type, string Message, string? Stack)
{
    private const int MaxType = 200;
    private const int MaxMessage = 2000;
    private const int MaxStack = 4000;

    /// <summary>Maximum number of exceptions of a chain that are described.</summary>
    private const int MaxDescribed = 6;

    /// <summary>Describes an exception. Never throws: a message or a stack trace that cannot be read is replaced by a sentence.</summary>
    /// <remarks>It calls members that the exception's author may have overridden; they may block.</remarks>
    /// <param name="e">The exception.</param>
    /// <param name="secrets">Values that are cut out of its message and its stack trace; null: none.</param>
    public static RunError From(Exception e, SecretValues? secrets = null)
    {
        var chain = e.Chain().Take(MaxDescribed).ToList();
        secrets ??= SecretValues.None;
        return new RunError(TypeOf(e), MessageOf(chain, secrets), StackOf(chain, secrets));
    }

    /// <summary>Type, message and stack trace, as an exception prints itself.</summary>
    public override string ToString() => Stack is null ? $"{Type}: {Message}" : $"{Type}: {Message}{Environment.NewLine}{Stack}";

    private static string TypeOf(Exception e) => StoredText.Cut(e.GetType().FullName ?? e.GetType().Name, MaxType);

    private static string MessageOf(List<Exception> chain, SecretValues secrets)
    {
        // Each exception gets its share, so that a long message does not hide the cause behind it.
        var share = MaxMessage / chain.Count;
        var text = new StringBuilder();
        foreach (var e in chain)
        {
            if (text.Length > 0)
                text.Append(" ---> ").Append(TypeOf(e)).Append(": ");
            // Before it is cut to its share: half of a secret would be left at the end.
            var message = secrets.CutOf(Read(e, static e => e.Message, "message") ?? "(no message)");
            text.Append(StoredText.Cut(message, share));
        }

        return StoredText.Cut(text.ToString(), MaxMessage);
    }

    private static string? StackOf(List<Exception> chain, SecretValues secrets)
    {
        var stacks = chain.Select(e => Read(e, static e => e.StackTrace, "stack trace")).OfType<string>()
            .Where(s => s.Length > 0).Reverse().ToList();
        if (stacks.Count == 0)
            return null;
        var share = MaxStack / stacks.Count;
        var stack = string.Join(
            "\n--- End of inner exception stack trace ---\n", stacks.Select(s => StoredText.Cut(secrets.CutOf(s), share)));
        return StoredText.Cut(stack, MaxStack);
    }

    private static string? Read(Exception e, Func<Exception, string?> member, string name)
    {
        try
        {
            return member(e);
        }
        catch (Exception broken)
        {
            return $"(its {name} cannot be read: {broken.GetType().Name})";
        }
    }
}
