using System.Globalization;
using System.Text;
using Fleet.Core.Text;
using Fleet.Engine.Execution;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Logging.Console;

namespace Fleet.Hosting;

/// <summary>A log line for people: time, level, who, what, and the run and trace it belongs to. Foreign text (args, names, errors) cannot
/// forge a line or drive a terminal: control characters are escaped, and the lines of an exception are indented. Secrets are cut
/// out: those in connection strings, and those in the args of the run whose handler logs.</summary>
internal sealed class LineFormatter(TimeProvider time) : ConsoleFormatter(FormatterName)
{
    public const string FormatterName = "fleet-line";

    /// <summary>The most characters of one message; an exception may bring megabytes of them.</summary>
    private const int MaxMessage = 8_000;

    private const int MaxStack = 16_000;

    /// <summary>The most exceptions inside an exception that are shown.</summary>
    private const int MaxInner = 8;

    private const string Indent = "   ";

    public override void Write<TState>(in LogEntry<TState> logEntry, IExternalScopeProvider? scopeProvider, TextWriter textWriter)
    {
        var category = logEntry.Category;
        var (state, exception, format) = (logEntry.State, logEntry.Exception, logEntry.Formatter);
        textWriter.Write(time.GetUtcNow().ToString("HH:mm:ss.fff", CultureInfo.InvariantCulture));
        textWriter.Write(
            $" {Word(logEntry.LogLevel)} {category[(category.LastIndexOf('.') + 1)..]}: {Line(() => format(state, exception))}");
        scopeProvider?.ForEachScope(WriteScope, textWriter);
        textWriter.WriteLine();
        if (exception is not null)
            textWriter.Write(Describe(exception));
    }

    /// <summary>The exception with its stack trace, each line indented and ended.</summary>
    internal static string Describe(Exception exception)
    {
        var text = new StringBuilder();
        var left = MaxInner;
        Append(text, exception, "", ref left);
        return text.ToString();
    }

    // Not ToString(): a message that holds line breaks could not be told from the stack trace in it.
    private static void Append(StringBuilder text, Exception e, string prefix, ref int left)
    {
        left--;
        text.Append(Indent).Append(prefix).Append(e.GetType()).Append(": ").AppendLine(Line(() => e.Message));
        foreach (var inner in e is AggregateException { InnerExceptions: var all } ? all.AsEnumerable()
            : e.InnerException is { } one ? [one]
            : [])
        {
            if (left == 0)
            {
                text.Append(Indent).AppendLine("---> …");
                break;
            }

            Append(text, inner, "---> ", ref left);
            text.Append(Indent).AppendLine("--- End of inner exception stack trace ---");
        }

        foreach (var line in Read(() => e.StackTrace, MaxStack).ReplaceLineEndings("\n").Split('\n', StringSplitOptions.RemoveEmptyEntries))
            text.Append(Indent).AppendLine(ControlCharacters.Escape(line.TrimStart()));
    }

    /// <summary>The scope of a run; those of the web server stay out of sight.</summary>
    private static void WriteScope(object? scope, TextWriter writer)
    {
        if (scope is not IReadOnlyList<KeyValuePair<string, object?>> values || !values.Any(v => v.Key == "RunId"))
            return;
        foreach (var (key, value) in values.Where(v => v.Value is not null))
            writer.Write($" {key}={Line(() => value!.ToString())}");
    }

    private static string Line(Func<string?> read) => ControlCharacters.Escape(Secrets.Hide(Read(read, MaxMessage)));

    /// <summary>Text of a foreign object, which may be null or throw: a log line must come out all the same.</summary>
    private static string Read(Func<string?> read, int most)
    {
        string text;
        try
        {
            // Before it is cut: half of a secret would be left at the end.
            text = RunSecrets.CutOf(read() ?? "");
        }
        catch (Exception e)
        {
            text = $"(its text cannot be read: {e.GetType()})";
        }

        return text.Length <= most ? text : $"{text.AsSpan(0, most)}… ({text.Length} characters)";
    }

    private static string Word(LogLevel level) => level switch
    {
        LogLevel.Trace or LogLevel.Debug => "debug",
        LogLevel.Information => "info ",
        LogLevel.Warning => "warn ",
        _ => "ERROR",
    };
}
