using Fleet.Samples;

namespace Fleet.Tests.Samples;

public sealed class DemoFeedTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 31, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Read_SameInstant_SameRecords() => Assert.Equal(DemoFeed.Read(Now, null, 50).Items, DemoFeed.Read(Now, null, 50).Items);

    [Fact]
    public void Read_NoCursor_GivesBacklog() => Assert.Equal(DemoFeed.Backlog, DemoFeed.Read(Now, null, DemoFeed.MaxLimit).Items.Count);

    [Fact]
    public void Read_PageByPage_GivesEveryChangeOnce()
    {
        var whole = DemoFeed.Read(Now, null, DemoFeed.MaxLimit);
        var pages = new List<FeedItem>();
        long? since = null;
        while (DemoFeed.Read(Now, since, 70) is { Items.Count: > 0 } page)
        {
            pages.AddRange(page.Items);
            since = long.Parse(page.Next);
        }

        Assert.Equal(whole.Items, pages);
    }

    [Fact]
    public void Read_AtTheEnd_IsEmptyAndKeepsCursor()
    {
        var end = DemoFeed.Read(Now, null, DemoFeed.MaxLimit).Next;

        var page = DemoFeed.Read(Now, long.Parse(end), 10);

        Assert.Empty(page.Items);
        Assert.Equal(end, page.Next);
    }

    [Fact]
    public void Read_TwelveSecondsLater_HasSixMore()
    {
        var before = DemoFeed.Read(Now, null, DemoFeed.MaxLimit);

        var page = DemoFeed.Read(Now.AddSeconds(12), long.Parse(before.Next), 100);

        Assert.Equal(6, page.Items.Count);
        // Of three changes the third updates a record that is there already.
        var known = before.Items.Select(i => i.Id).ToHashSet();
        Assert.Equal(2, page.Items.Count(i => !known.Add(i.Id)));
        Assert.All(page.Items, i => Assert.InRange(i.UpdatedAt, Now.AddTicks(1), Now.AddSeconds(12)));
    }

    [Fact]
    public void Read_CursorFromTheFarFuture_StaysThere()
    {
        var page = DemoFeed.Read(Now, long.MaxValue, 100);

        Assert.Empty(page.Items);
        Assert.Equal(long.MaxValue.ToString(), page.Next);
    }
}
