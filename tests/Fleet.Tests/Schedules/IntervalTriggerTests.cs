using Fleet.Core.Schedules.Triggers;

namespace Fleet.Tests.Schedules;

public sealed class IntervalTriggerTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 22, 12, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData("15s", "every 15 s")]
    [InlineData("PT90M", "every 1 h 30 min")]
    [InlineData("1.5s", "every 1.5 s")]
    [InlineData("3650d", "every 3650 d")]
    public void Description_Interval_IsPlainText(string every, string expected)
    {
        var trigger = Parse(new TriggerSpec { Every = every });
        Assert.Equal(("interval", expected), (trigger.Kind, trigger.Description));
    }

    [Fact]
    public void Next_NoAnchor_CountsFromTheUnixEpoch() =>
        Assert.Equal(Noon.AddMinutes(15), Parse(new TriggerSpec { Every = "15m" }).Next(Noon.AddSeconds(1)));

    [Fact]
    public void Next_AtAFireTime_ReturnsTheOneAfter()
    {
        var trigger = Parse(new TriggerSpec { Every = "7m", Anchor = Noon });
        Assert.Equal(Noon, trigger.Next(Noon.AddTicks(-1)));
        Assert.Equal(Noon.AddMinutes(7), trigger.Next(Noon));
    }

    [Fact]
    public void Next_BeforeTheAnchor_KeepsThePhase() =>
        Assert.Equal(Noon.AddMinutes(-7), Parse(new TriggerSpec { Every = "7m", Anchor = Noon }).Next(Noon.AddMinutes(-8)));

    [Fact]
    public void Next_AnchorFinerThanAMicrosecond_IsWholeMicroseconds() =>
        Assert.Equal(Noon, Parse(new TriggerSpec { Every = "7m", Anchor = Noon.AddTicks(9) }).Next(Noon.AddTicks(-1)));

    [Fact]
    public void Next_MacroEvery_IsAnInterval()
    {
        var trigger = Parse(new TriggerSpec { Cron = " @EVERY\t15s " });
        Assert.IsType<IntervalTrigger>(trigger);
        Assert.Equal(Noon.AddSeconds(15), trigger.Next(Noon));
    }

    [Fact]
    public void Next_EndsOfTime_NeverThrows()
    {
        foreach (var anchor in new[] { DateTimeOffset.MinValue, DateTimeOffset.UnixEpoch, DateTimeOffset.MaxValue })
        {
            var trigger = Parse(new TriggerSpec { Every = "3650d", Anchor = anchor });
            Assert.Null(trigger.Next(DateTimeOffset.MaxValue));
            Assert.True(trigger.Next(DateTimeOffset.MinValue) > DateTimeOffset.MinValue);
        }
    }

    [Fact]
    public void Between_Window_ExcludesItsStartAndIncludesItsEnd() =>
        Assert.Equal([Noon.AddMinutes(5), Noon.AddMinutes(10)], Parse(new TriggerSpec { Every = "5m" }).Between(Noon, Noon.AddMinutes(10)));

    [Fact]
    public void Next_Once_FiresOnlyBeforeItsInstant()
    {
        var trigger = Parse(new TriggerSpec { At = Noon.ToOffset(TimeSpan.FromHours(1)) });
        Assert.Equal(("once", "once at 2026-11-22T12:00:00Z"), (trigger.Kind, trigger.Description));
        Assert.Equal(Noon, trigger.Next(Noon.AddTicks(-1)));
        Assert.Null(trigger.Next(Noon));
        Assert.Equal([Noon], trigger.Between(DateTimeOffset.MinValue, DateTimeOffset.MaxValue));
    }

    private static Trigger Parse(TriggerSpec spec)
    {
        Assert.True(Trigger.TryParse(spec, out var trigger, out var error), error?.Message);
        return trigger;
    }
}
