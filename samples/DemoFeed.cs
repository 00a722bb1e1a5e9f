namespace Fleet.Samples;

/// <summary>A record as the source tells of it.</summary>
/// <param name="Id">1–64 characters.</param>
/// <param name="Name">At most 200 characters.</param>
/// <param name="Amount">Two decimals.</param>
/// <param name="UpdatedAt">When it last changed.</param>
public sealed record FeedItem(string Id, string Name, decimal Amount, DateTimeOffset UpdatedAt);

/// <summary>A page of changes, oldest first.</summary>
/// <param name="Items">The records as they are after the change; empty at the end.</param>
/// <param name="Next">What to give as <c>since</c> for what comes after this page.</param>
public sealed record FeedPage(IReadOnlyList<FeedItem> Items, string Next);

/// <summary>A made-up source of records that changes with the clock: one change every two seconds, the same for everybody
/// who asks, today and after a restart. Of three changes two create a record and the third updates the first of them.</summary>
public static class DemoFeed
{
    /// <summary>How many changes a caller without a cursor gets to see.</summary>
    public const int Backlog = 300;

    public const int MaxLimit = 1000;

    private static readonly TimeSpan Period = TimeSpan.FromSeconds(2);
    private static readonly string[] Articles = ["Anchor", "Buoy", "Compass", "Dinghy", "Fender", "Halyard", "Lantern", "Rudder"];

    /// <summary>The changes after a cursor, as of an instant.</summary>
    /// <param name="now">Changes later than this have not happened yet.</param>
    /// <param name="since">The <see cref="FeedPage.Next"/> of an earlier page; null for the latest <see cref="Backlog"/> changes.</param>
    /// <param name="limit">1 to <see cref="MaxLimit"/>.</param>
    public static FeedPage Read(DateTimeOffset now, long? since, int limit)
    {
        var latest = (now - DateTimeOffset.UnixEpoch).Ticks / Period.Ticks;
        var after = since ?? Math.Max(-1, latest - Backlog);
        // A cursor from the future (the clock was set back) stays where it is: nothing new until then.
        if (after >= latest)
            return new FeedPage([], after.ToString());
        var count = (int)Math.Min(limit, latest - after);
        return new FeedPage([.. Enumerable.Range(1, count).Select(i => Change(after + i))], (after + count).ToString());
    }

    private static FeedItem Change(long number)
    {
        var record = number % 3 == 2 ? number - 2 : number;
        // Knuth's multiplicative hash: amounts that look random and are the same every time.
        var cents = (uint)(number * 2_654_435_761) % 100_000;
        return new FeedItem(
            $"rec-{record}", $"{Articles[record % Articles.Length]} {record}", cents / 100m, DateTimeOffset.UnixEpoch + (number * Period));
    }
}
