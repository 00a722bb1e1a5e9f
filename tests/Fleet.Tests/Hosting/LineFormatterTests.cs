using Fleet.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;
using Microsoft.Extensions.Time.Testing;

namespace Fleet.Tests.Hosting;

/// <summary>Foreign text in log lines.</summary>
public sealed class LineFormatterTests
{
    private const string Forged = "12:00:00.000 info  ExecuteRuns: all is well";

    [Theory]
    [InlineData("a\n" + Forged, @"a\n12:00:00.000 info")]
    [InlineData("a\r" + Forged, @"a\r12:00:00.000 info")]
    [InlineData("a\r\n" + Forged, @"a\r\n12:00:00.000 info")]
    [InlineData("a\u001b[2K\u001b[1A" + Forged, @"a\u001b[2K\u001b[1A12:00:00.000 info")]
    [InlineData("a\u0085" + Forged, @"a\u008512:00:00.000 info")]
    [InlineData("a\u009b1A", @"a\u009b1A")]
    [InlineData("a\u2028b\u2029c", @"a\u2028b\u2029c")]
    [InlineData("a\u202Eb\u2066c\u200Fd\u061Ce", @"a\u202eb\u2066c\u200fd\u061ce")]
    [InlineData("a\0\b\t\u007f", @"a\u0000\u0008\t\u007f")]
    [InlineData("Grüße, 世界 🚀", "Grüße, 世界 🚀")]
    public void Write_ForeignText_StaysInItsLine(string text, string shown)
    {
        foreach (var written in new[] { Write(text), Write("m", scope: text), Write("m", new InvalidOperationException(text)) })
        {
            Assert.Contains(shown, written, StringComparison.Ordinal);
            Assert.DoesNotContain(written.Split('\n'), line => line.StartsWith("12:00", StringComparison.Ordinal));
            Assert.All(written.Where(char.IsControl), c => Assert.True(c is '\n' or '\r'));
        }
    }

    [Fact]
    public void Write_Exception_KeepsAReadableStackTrace()
    {
        Exception thrown;
        try
        {
            try
            {
                throw new FormatException("inner\n" + Forged);
            }
            catch (FormatException e)
            {
                throw new InvalidOperationException("outer", e);
            }
        }
        catch (InvalidOperationException e)
        {
            thrown = new AggregateException(e);
        }

        var lines = Write("m", thrown).TrimEnd().Split(Environment.NewLine);

        Assert.All(lines.Skip(1), line => Assert.StartsWith("   ", line, StringComparison.Ordinal));
        Assert.Contains(lines, line => line.StartsWith("   System.AggregateException: ", StringComparison.Ordinal));
        Assert.Contains("   ---> System.InvalidOperationException: outer", lines);
        Assert.Contains(lines, line => line.StartsWith(@"   ---> System.FormatException: inner\n12:00", StringComparison.Ordinal));
        Assert.Contains(
            lines, line => line.StartsWith("   at Fleet.Tests.Hosting.LineFormatterTests.Write_Exception", StringComparison.Ordinal));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Write_ExceptionWhoseTextThrowsOrIsNull_WritesTheRest(bool throws)
    {
        var written = Write("m", new Odd(throws));

        Assert.Contains("m", written, StringComparison.Ordinal);
        Assert.Contains(nameof(Odd), written, StringComparison.Ordinal);
    }

    [Fact]
    public void Write_MegabytesOfText_AreCut()
    {
        var long1 = new string('x', 2_000_000);

        Assert.InRange(Write("m", new InvalidOperationException(long1, new InvalidOperationException(long1))).Length, 0, 40_000);
        Assert.InRange(Write(long1).Length, 0, 10_000);
    }

    [Fact]
    public void Write_Secret_IsCut()
    {
        var written = Write("to amqp://u:se/cret@broker", new InvalidOperationException("Host=db;Password=se;cret"));

        Assert.Contains("amqp://…@broker", written, StringComparison.Ordinal);
        Assert.DoesNotContain("Password=se", written, StringComparison.Ordinal);
    }

    private static string Write(string message, Exception? error = null, string? scope = null)
    {
        using var writer = new StringWriter();
        var scopes = new LoggerExternalScopeProvider();
        if (scope is not null)
            scopes.Push(new List<KeyValuePair<string, object?>> { new("RunId", scope) });
        var entry = new LogEntry<string>(LogLevel.Warning, "Fleet.Some.Category", 0, message, error, (state, _) => state);
        new LineFormatter(new FakeTimeProvider(new DateTimeOffset(2026, 11, 22, 9, 0, 0, TimeSpan.Zero))).Write(entry, scopes, writer);
        return writer.ToString();
    }

    private sealed class Odd(bool throws) : Exception
    {
        public override string Message => throws ? throw new InvalidOperationException() : null!;

        public override string StackTrace => throws ? throw new InvalidOperationException() : null!;
    }
}
