using Fleet.Cli.Schedules;
using Fleet.Client;

namespace Fleet.Tests.Cli;

public sealed class HeatMapTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 26, 12, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Draw_Minutes_SumsThemToHoursFromTheFirstToTheLast()
    {
        var minutes = Minutes(36 * 60);
        // 12:30 to 12:31: 30 s; 13:59: 60 s; 14:00: 60 s; the next day at 0:00: 240 s in the hour; at 23:59 two starts of which nobody
        // knows the length.
        (minutes.Busy[30], minutes.Busy[119], minutes.Busy[120], minutes.Busy[12 * 60], minutes.Busy[(12 * 60) + 59]) = (
            30, 60, 120, 200, 40);
        minutes.Starts[(36 * 60) - 1] = 2;

        var lines = HeatMap.Draw(minutes.View(Noon), Noon, Noon.AddHours(36).AddMinutes(-1));

        Assert.Equal(
            [
                "UTC        00    03    06    09    12    15    18    21",
                "Thu 11-26                          ░░░░▒▒··················",
                "Fri 11-27  ██············································░░",
                "Work per hour: ·· none  ░░ to 1m 00s  ▒▒ to 2m 00s  ▓▓ to 3m 00s  ██ to 4m 00s",
            ],
            lines);
    }

    [Fact]
    public void Draw_NoDurationIsKnown_ShowsStarts()
    {
        var minutes = Minutes(120);
        (minutes.Starts[0], minutes.Starts[1], minutes.Starts[119]) = (5, 3, 2);

        var lines = HeatMap.Draw(minutes.View(Noon), Noon, Noon.AddHours(2).AddMinutes(-1));

        Assert.Equal(new string(' ', 35) + "██░░", "         " + lines[1][9..]);
        Assert.Equal("Starts per hour (how long runs take is not known yet): ·· none  ░░ to 2  ▒▒ to 4  ▓▓ to 6  ██ to 8", lines[^1]);
    }

    [Fact]
    public void Draw_Hours_AreDrawnAsTheyAre()
    {
        var load = new HeatMapView { From = Noon, MinutesPerCell = 60, Starts = [1, 0, 4], BusySeconds = [1, 0, 4] };

        var lines = HeatMap.Draw(load, Noon, Noon.AddHours(3));

        Assert.Equal("Thu 11-26  " + new string(' ', 24) + "░░··██", lines[1]);
    }

    [Fact]
    public void Draw_RangeWithinAnHour_LeavesTheOthersBlank()
    {
        var lines = HeatMap.Draw(Minutes(30).View(Noon.AddMinutes(15)), Noon.AddMinutes(15), Noon.AddMinutes(44));

        Assert.Equal(["Thu 11-26  " + new string(' ', 24) + "··"], lines.Skip(1).SkipLast(1));
    }

    private static (int[] Starts, double[] Busy) Minutes(int count) => (new int[count], new double[count]);
}

internal static class MinutesOfATest
{
    public static HeatMapView View(this (int[] Starts, double[] Busy) minutes, DateTimeOffset from) =>
        new() { From = from, MinutesPerCell = 1, Starts = minutes.Starts, BusySeconds = minutes.Busy };
}
