using System.Security.Cryptography;
using System.Text;
using System.Text.RegularExpressions;

namespace Fleet.Core.Text;

/// <summary>The name of a fault: dead letters of the same fault have the same one, whatever values, lines and addresses their errors
/// have (docs/adr/0032).</summary>
/// <remarks>Made from the types of the error and its causes, and from the methods at the top of the stack; without a stack, from the
/// message. The number in front says how it is made: a later version of Fleet may do better, and then uses another number.</remarks>
public static partial class Fingerprint
{
    /// <summary>How many methods of the stack count. With more of them, one fault would have a fingerprint for each of its callers.
    /// </summary>
    public const int Frames = 3;

    private const string Version = "v1:";

    private const int HashBytes = 8;

    private static readonly string[] Machinery =
    [
        "System.Runtime.CompilerServices.", "System.Runtime.ExceptionServices.", "System.Threading.Tasks.", "System.Threading.Execution",
        "Fleet.Engine.",
    ];

    /// <summary>Makes the fingerprint of an error as it is stored (<see cref="RunError"/>).</summary>
    public static string Of(string? type, string? message, string? stack)
    {
        var text = new StringBuilder(PlainName(type ?? ""));
        foreach (var cause in CauseTypes().EnumerateMatches(message))
            text.Append('\n').Append(PlainName(message!.AsSpan(cause.Index, cause.Length).Trim(" ->:").ToString()));
        var frames = FramesOf(stack);
        if (frames.Count == 0)
            text.Append('\n').Append(NormalizeMessage.Execute(message ?? ""));
        foreach (var frame in frames)
            text.Append("\n at ").Append(frame);
        var hash = SHA256.HashData(Encoding.UTF8.GetBytes(text.ToString()));
        return Version + Convert.ToHexStringLower(hash.AsSpan(0, HashBytes));
    }

    /// <summary>Whether a text can be a fingerprint.</summary>
    public static bool IsWellFormed(string text) => Form().IsMatch(text);

    /// <summary>The methods at the top of the stack: where it was thrown, and who called that.</summary>
    private static List<string> FramesOf(string? stack)
    {
        var frames = new List<string>(Frames);
        foreach (var line in (stack ?? "").AsSpan().EnumerateLines())
        {
            var trimmed = line.Trim();
            // Below this line is the stack of the exception that wraps the first one.
            if (trimmed.StartsWith("--- End of inner", StringComparison.Ordinal) && frames.Count > 0)
                break;
            if (!trimmed.StartsWith("at ", StringComparison.Ordinal))
                continue;
            var name = trimmed[3..];
            if (name.IndexOf('(') is > 0 and var parameters)
                name = name[..parameters];
            var method = PlainName(name.ToString());
            // A method that calls itself is there as often as it did so.
            if (method.Length == 0 || Machinery.Any(m => method.StartsWith(m, StringComparison.Ordinal)) || frames.Contains(method))
                continue;
            frames.Add(method);
            if (frames.Count == Frames)
                break;
        }

        return frames;
    }

    /// <summary>A name of a type or a method without what the compiler puts in: the arity of generics, type arguments, closures, state
    /// machines, and the numbers of lambdas and local functions.</summary>
    private static string PlainName(string name)
    {
        var plain = TypeArguments().Replace(name, "");
        // Shop.<>c__DisplayClass3_0.<Run>b__1, Shop.<Run>g__Local|3_0, Shop.<Run>d__5.MoveNext
        plain = Closures().Replace(plain, "");
        plain = MadeMethods().Replace(plain, "${method}${local}");
        return plain.Trim();
    }

    [GeneratedRegex(@"`\d+|\[[^\]]*\]", RegexOptions.NonBacktracking)]
    private static partial Regex TypeArguments();

    [GeneratedRegex(@"[.+]<>c(__DisplayClass\d+_\d+)?(<[^>]*>)?", RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex Closures();

    [GeneratedRegex(
        @"<(?<method>[^<>]*)>(b__\d+(_\d+)?|g__(?<local>\w+)\|\d+(_\d+)?|d(__\d+)?)(\.MoveNext)?",
        RegexOptions.NonBacktracking | RegexOptions.ExplicitCapture)]
    private static partial Regex MadeMethods();

    [GeneratedRegex(@" ---> [\w.+`]+: ", RegexOptions.NonBacktracking)]
    private static partial Regex CauseTypes();

    [GeneratedRegex(@"^v[0-9]{1,3}:[0-9a-f]{16}\z", RegexOptions.NonBacktracking)]
    private static partial Regex Form();
}
