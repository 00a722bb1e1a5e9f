using System.Diagnostics;
using System.Reflection;
using Fleet.Core.Workers;

namespace Fleet.Tests.Workers;

/// <summary>Whether a process of this machine is certainly dead.</summary>
public sealed class ProcessIdentityTests
{
    private readonly ProcessIdentity _self = ProcessIdentity.Current();

    public ProcessIdentityTests() => Assert.SkipUnless(OperatingSystem.IsLinux(), "Only Linux tells of processes for certain.");

    /// <summary>A process takes the time of the boot once, from the clock as it is then. Two that started before and after the clock was
    /// set disagree about every start time that is made from it.</summary>
    [Fact]
    public void IsCertainlyDead_ClockWasSetBetweenTheStartsOfBoth_IsAlive()
    {
        var boot = typeof(Process).GetField("s_bootTimeTicks", BindingFlags.NonPublic | BindingFlags.Static)!;
        using (var process = Process.GetCurrentProcess())
            _ = process.StartTime;
        var known = (long)boot.GetValue(null)!;
        try
        {
            boot.SetValue(null, known + (3 * TimeSpan.TicksPerSecond));
            Assert.False(_self.IsCertainlyDead(ProcessIdentity.Current()));
            Assert.Equal(_self, ProcessIdentity.Current());
        }
        finally
        {
            boot.SetValue(null, known);
        }
    }

    [Fact]
    public async Task IsCertainlyDead_AnotherProcess_IsDeadWhenItHasEnded()
    {
        using var process = Process.Start("sleep", "60");
        var identity = _self with { Id = process.Id, Start = ProcessStat.Read($"{process.Id}")!.Value.Start };
        Assert.False(identity.IsCertainlyDead(_self));

        process.Kill();
        await process.WaitForExitAsync();

        Assert.True(identity.IsCertainlyDead(_self));
    }

    [Fact]
    public void IsCertainlyDead_ItsIdIsAnotherProcessNow_IsDead() =>
        Assert.True((_self with { Start = _self.Start - 1 }).IsCertainlyDead(_self));

    [Fact]
    public void IsCertainlyDead_OtherSpace_IsNotKnown()
    {
        var dead = _self with { Id = int.MaxValue };
        Assert.True(dead.IsCertainlyDead(_self));

        Assert.False((dead with { Space = "another/machine" }).IsCertainlyDead(_self));
        Assert.False((dead with { Space = "" }).IsCertainlyDead(_self with { Space = "" }));
    }

    /// <summary>An older version stored the start by the wall clock, for a space that had no time namespace.</summary>
    [Fact]
    public void Current_Space_IsNotThatOfAnOlderVersion()
    {
        Assert.Equal("ticks", _self.Space.Split('/')[0]);
        Assert.InRange(_self.Start, 1, TimeSpan.FromDays(36_500).Ticks);
    }

    [Theory]
    [InlineData("17 (sleep) S 1 17 17 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 4711 0 0", 17, false, 4711)]
    [InlineData("17 (a) b (c)) S 1 17 17 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 9 0 4711 0 0", 17, false, 4711)]
    [InlineData("17 (gone) Z 1 17 17 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 4711 0 0", 17, true, 4711)]
    [InlineData("17 (stopped) T 1 17 17 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 4711 0 0", 17, false, 4711)]
    // Its first thread has ended, others go on.
    [InlineData("17 (busy) Z 1 17 17 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 4 0 4711 0 0", 17, false, 4711)]
    public void Parse_Line_FindsTheFieldsBehindTheName(string line, int id, bool isDead, long start) =>
        Assert.Equal(new ProcessStat(id, isDead, start), ProcessStat.Parse(line));

    [Theory]
    [InlineData("")]
    [InlineData("17 sleep S 1")]
    [InlineData("17 (sleep) S 1 17")]
    [InlineData("x (sleep) S 1 17 17 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 4711 0 0")]
    [InlineData("17 (sleep) S 1 17 17 0 -1 4194304 100 0 0 0 0 0 0 0 20 0 1 0 never 0 0")]
    public void Parse_AnotherForm_IsNothing(string line) => Assert.Null(ProcessStat.Parse(line));
}
