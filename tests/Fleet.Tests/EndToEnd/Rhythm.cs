using Fleet.Tests.Schedules;

namespace Fleet.Tests.EndToEnd;

/// <summary>A schedule of whole seconds, and whether it fires in one, by arithmetic of the tests' own.</summary>
/// <param name="Id">The schedule.</param>
/// <param name="Every">Its period; null when it has an expression.</param>
/// <param name="Cron">Its expression; null when it has a period.</param>
/// <param name="FiresAt">Whether it fires in a second since 1970.</param>
internal sealed record Rhythm(string Id, string? Every, string? Cron, Func<long, bool> FiresAt)
{
    private static readonly string[] Seconds = ["*", "*/2", "*/7", "*/10", "0-29", "1,3,10,59"];

    public static Rhythm Period(string id, int seconds) => new(id, $"{seconds}s", null, second => second % seconds == 0);

    public static Rhythm Expression(string id, string seconds, string minutes)
    {
        var (second, minute) = (SimpleCronField.Values(seconds, 0), SimpleCronField.Values(minutes, 0));
        return new(id, null, $"{seconds} {minutes} * * * *", at => second.Contains((int)(at % 60)) && minute.Contains((int)(at / 60 % 60)));
    }

    /// <summary>Schedules of 1 to 10 s, as many of each period, and some expressions among them.</summary>
    public static IReadOnlyList<Rhythm> Mix(int count) =>
    [
        .. Enumerable.Range(0, count).Select(i => i % 20 == 19
            ? Expression($"cron-{i}", Seconds[i / 20 % Seconds.Length], i % 40 == 39 ? "*" : "*/1")
            : Period($"every-{i}", 1 + (i % 10))),
    ];
}
