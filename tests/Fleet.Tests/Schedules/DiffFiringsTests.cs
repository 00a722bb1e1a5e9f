using Fleet.Core.Schedules.Preview;
using static Fleet.Tests.Schedules.SimulateSchedulesTests;

namespace Fleet.Tests.Schedules;

public sealed class DiffFiringsTests
{
    private static readonly DateTimeOffset Monday = new(2026, 11, 23, 0, 0, 0, TimeSpan.Zero);
    private static readonly PreviewRange TwoHours = new(Monday, Monday.AddHours(2));

    [Fact]
    public void Diff_Edit_ListsWhatComesAndGoesInOrder()
    {
        var diff = DiffFirings.Execute(Parse("0,30 * * * *", null), Parse("0,20 * * * *", null), TwoHours, maxListed: 100);

        Assert.Equal((2, 2, 2, null, false), (diff.Added, diff.Removed, diff.Kept, diff.TruncatedAt, diff.IsTruncated));
        Assert.Equal(
            [(20, FiringChange.Added), (30, FiringChange.Removed), (80, FiringChange.Added), (90, FiringChange.Removed)],
            diff.Changes.Select(c => ((int)(c.At - Monday).TotalMinutes, c.Change)));
    }

    [Fact]
    public void Diff_SameInstantsWrittenOtherwise_IsNothing()
    {
        // The same instants: Berlin is one hour ahead in winter.
        var diff = DiffFirings.Execute(
            Parse("0 0 3 * * *", "UTC"), Parse("0 4 * * *", "Europe/Berlin"), new PreviewRange(Monday, Monday.AddDays(7)), maxListed: 100);

        Assert.Equal((0, 0, 7), (diff.Added, diff.Removed, diff.Kept));
    }

    [Fact]
    public void Diff_OnlyBefore_OrOnlyAfter()
    {
        var (none, some) = (Parse("0 0 1 1 *", null), Parse("0 * * * *", null));

        Assert.Equal((0, 2), Counts(DiffFirings.Execute(some, none, TwoHours, maxListed: 100)));
        Assert.Equal((2, 0), Counts(DiffFirings.Execute(none, some, TwoHours, maxListed: 100)));

        static (int, int) Counts(FiringsDiff diff) => (diff.Added, diff.Removed);
    }

    [Fact]
    public void Diff_MoreThanIsListed_CountsAllAndSaysSo()
    {
        var diff = DiffFirings.Execute(Parse("0 * * * *", null), Parse("* * * * *", null), TwoHours, maxListed: 5);

        Assert.Equal(
            (118, 0, 2, 5, null, true), (diff.Added, diff.Removed, diff.Kept, diff.Changes.Count, diff.TruncatedAt, diff.IsTruncated));
    }

    [Fact]
    public void Diff_TooMany_SaysUpToWhereItIsComplete()
    {
        var diff = DiffFirings.Execute(Parse("0 * * * *", null), Parse("* * * * *", null), TwoHours, maxListed: 100, maxFirings: 30);

        Assert.Equal((30, Monday.AddMinutes(31), true), (diff.Added, diff.TruncatedAt, diff.IsTruncated));
    }
}
