using System.Globalization;
using Fleet.Cli.Printing;

namespace Fleet.Cli.Bulk;

/// <summary>A bar on standard error for what takes long. Only on a terminal that can write over a line; standard output stays as it
/// is. Removed at the end.</summary>
public sealed class Progress : IDisposable
{
    private const int BarWidth = 24;
    private const string Erase = "\r\u001B[K";

    private static readonly TimeSpan BetweenWrites = TimeSpan.FromMilliseconds(100);

    // What is done sooner needs no bar.
    private static readonly TimeSpan Quiet = TimeSpan.FromMilliseconds(400);

    private readonly TextWriter? _writer;
    private readonly TimeProvider _time;
    private readonly string _what;
    private readonly long _begun;
    private TimeSpan _lastAt = Quiet - BetweenWrites;
    private bool _isShown;

    /// <param name="what">What is done, such as <c>Canceling</c>.</param>
    /// <param name="time">The clock.</param>
    public Progress(string what, TimeProvider time)
        : this(what, time, CanShow() ? Console.Error : null)
    {
    }

    /// <param name="what">What is done.</param>
    /// <param name="time">The clock.</param>
    /// <param name="writer">Where the bar goes; null for nowhere.</param>
    public Progress(string what, TimeProvider time, TextWriter? writer)
    {
        (_what, _time, _writer) = (Plain.Line(what), time, writer);
        _begun = time.GetTimestamp();
    }

    /// <summary>Shows how far it is.</summary>
    /// <param name="done">How many are done.</param>
    /// <param name="total">Of how many.</param>
    public void Report(int done, int total) => Write(() => string.Create(
        CultureInfo.InvariantCulture, $"{_what} [{Bar((double)done / Math.Max(1, total))}] {done}/{total}"));

    /// <summary>Shows what is waited for, and for how long already.</summary>
    /// <param name="state">The state of it, such as <c>running 40%</c>.</param>
    public void Report(string state) => Write(() => $"{_what}: {Plain.Line(state)}, {Times.Span(_time.GetElapsedTime(_begun))}");

    /// <inheritdoc/>
    public void Dispose() => Clear();

    /// <summary>Removes the bar, until the next report.</summary>
    public void Clear()
    {
        if (_isShown)
            _writer!.Write(Erase);
        _isShown = false;
    }

    private static bool CanShow() =>
        !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb");

    private static string Bar(double part)
    {
        var full = (int)(Math.Clamp(part, 0, 1) * BarWidth);
        return new string('#', full) + new string('.', BarWidth - full);
    }

    private void Write(Func<string> line)
    {
        if (_writer is null || _time.GetElapsedTime(_begun) - _lastAt < BetweenWrites)
            return;
        _lastAt = _time.GetElapsedTime(_begun);
        _isShown = true;
        _writer.Write(Erase + line());
    }
}
