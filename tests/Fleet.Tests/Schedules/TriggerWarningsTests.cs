using Fleet.Core.Schedules.Triggers;

namespace Fleet.Tests.Schedules;

public sealed class TriggerWarningsTests
{
    [Theory]
    [InlineData(
        "0 0 9 ? * 2", "quartz_weekdays", "2 is Tuesday, as in crontab. In Quartz, where expressions with '?' come from, it is Monday")]
    [InlineData("0 0 9 ? * 1-5", "quartz_weekdays", "1 is Monday")]
    [InlineData("0 0 9 ? * 0", "quartz_weekdays", "it is not allowed")]
    [InlineData("0 0 9 ? * MON,7", "quartz_weekdays", "7 is Sunday")]
    [InlineData("0 0 9 ? * 6L", "quartz_weekdays", "6 is Saturday")]
    [InlineData("0 0 9 ? * 2#1", "quartz_weekdays", "2 is Tuesday")]
    [InlineData(
        "0 0 12 31W * ?", "months_left_out",
        "in months that have a day 31; Quartz takes the last weekday of the shorter ones. For the last weekday of every month write LW.")]
    [InlineData("0 12 30w * *", "months_left_out", "a day 30")]
    [InlineData("0 9 13 * FRI", "both_days_match", "crontab fires when either does")]
    public void Of_ExpressionThatMeansSomethingElseElsewhere_SaysWhat(string cron, string code, string said)
    {
        var warning = Assert.Single(TriggerWarnings.Of(new TriggerSpec { Cron = cron }));

        Assert.Equal((code, "cron"), (warning.Code, warning.Field));
        Assert.Contains(said, warning.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("0 9 * * 1-5")]
    [InlineData("0 0 9 ? * MON-FRI")]
    [InlineData("0 0 9 ? * MON#2")]
    [InlineData("0 0 9 ? * */2")]
    [InlineData("0 0 12 15W * ?")]
    [InlineData("0 0 12 LW * ?")]
    [InlineData("@weekly")]
    [InlineData("@every 5s")]
    [InlineData("nonsense")]
    public void Of_OtherExpression_SaysNothing(string cron) => Assert.Empty(TriggerWarnings.Of(new TriggerSpec { Cron = cron }));

    [Theory]
    [InlineData("1,5,*/20 * * * *", "2026-01-01T00:00:00Z", "00:01,00:05,00:20,00:40,01:00,01:01")]
    [InlineData("0 *,3 * * *", "2026-01-01T00:00:00Z", "01:00,02:00,03:00,04:00,05:00,06:00")]
    [InlineData("0 12 */10,5 * *", "2026-01-01T00:00:00Z", "12:00,12:00,12:00,12:00,12:00,12:00")]
    public void Next_StepInAList_IsReadAsCrontabDoes(string cron, string after, string expected)
    {
        Assert.True(Trigger.TryParse(new TriggerSpec { Cron = cron }, out var trigger, out var error), error?.Message);

        var times = trigger.Between(DateTimeOffset.Parse(after, null), DateTimeOffset.MaxValue).Take(6).ToList();
        Assert.Equal(expected, string.Join(',', times.Select(t => t.ToString("HH:mm", null))));
        Assert.Contains(cron, trigger.Description, StringComparison.Ordinal);
    }

    [Fact]
    public void Next_NearestWeekdayOfThe31st_LeavesOutMonthsWithoutOne()
    {
        Assert.True(Trigger.TryParse(new TriggerSpec { Cron = "0 0 12 31W * ?" }, out var trigger, out _));

        var months = trigger.Between(
            new DateTimeOffset(2026, 1, 1, 0, 0, 0, TimeSpan.Zero),
            new DateTimeOffset(2026, 12, 31, 23, 0, 0, TimeSpan.Zero)).Select(t => t.Month);
        Assert.Equal([1, 3, 5, 7, 8, 10, 12], months);
    }

    [Theory]
    [InlineData("0 9 * * 1,*/3", 6)]
    [InlineData("0 0 12 1 1 * 2030,*/65", 3)]
    public void Next_StepInAListOfWeekdaysOrYears_IsRead(string cron, int count)
    {
        Assert.True(Trigger.TryParse(new TriggerSpec { Cron = cron }, out var trigger, out var error), error?.Message);
        Assert.NotEmpty(trigger.Between(DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue).Take(count));
    }
}
