using Fleet.Core.Actors;
using Fleet.Core.Schedules.Control;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Fleet.Tests.Schedules;

/// <summary>The schedules that a program brings along in its code and its configuration.</summary>
public sealed class BroughtSchedulesTests : IDisposable
{
    private readonly TempFolder _folder = new();
    private readonly LogRecorder _log = new();

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Start_OneIdIsWrong_StoresNoneAndNamesIt()
    {
        var refused = await Assert.ThrowsAsync<FleetStartException>(
            () => StartAsync(s => s.Every("good", "1h", new Scripted()).Every("No Good", "1h", new Scripted())));

        Assert.StartsWith("Schedule 'No Good' from code: id: 'No Good' is not allowed", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await StoredAsync());
    }

    [Theory]
    [InlineData("1h", "0 0 30 2 *", "never fires")]
    [InlineData("1h", "61 * * * *", "cron")]
    public async Task Start_ALaterOneNeverFires_StoresNone(string every, string cron, string why)
    {
        var refused = await Assert.ThrowsAsync<FleetStartException>(
            () => StartAsync(s => s.Every("good", every, new Scripted()).Cron("bad", cron, new Scripted())));

        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
        Assert.Empty(await StoredAsync());
    }

    [Fact]
    public async Task Start_TheLastOfManyNeverFires_StoresNone()
    {
        void AddMany(SchedulesBuilder schedules)
        {
            for (var i = 0; i < 450; i++)
                schedules.Every($"good-{i}", "1h", new Scripted());
            schedules.Cron("bad", "0 0 30 2 *", new Scripted());
        }

        await Assert.ThrowsAsync<FleetStartException>(() => StartAsync(AddMany));

        Assert.Empty(await StoredAsync());
    }

    [Fact]
    public async Task Start_TheConfigurationIsWrong_StoresNothingOfTheCodeEither()
    {
        var refused = await Assert.ThrowsAsync<FleetStartException>(() => StartAsync(
            s => s.Every("good", "1h", new Scripted()), ["Schedules:late:Job=test.scripted", "Schedules:late:Cron=bad"]));

        Assert.StartsWith("Fleet:Schedules:late:Cron: 'bad'", refused.Message, StringComparison.Ordinal);
        Assert.Empty(await StoredAsync());
    }

    [Fact]
    public async Task Start_IdTwiceInTheCode_IsRefused()
    {
        var refused = await Assert.ThrowsAsync<FleetStartException>(
            () => StartAsync(s => s.Every("twice", "1h", new Scripted()).Every("twice", "2h", new Scripted())));

        Assert.Equal("Schedule 'twice' from code: id: it stands there twice; each schedule needs an id of its own.", refused.Message);
        Assert.Empty(await StoredAsync());
    }

    [Fact]
    public async Task Start_IdInCodeAndConfiguration_TheConfigurationIsUsedAndStays()
    {
        for (var start = 0; start < 2; start++)
            await using (await StartAsync(
                s => s.Every("both", "1h", new Scripted()), ["Schedules:both:Job=test.scripted", "Schedules:both:Every=2h"]))
            {
            }

        var stored = Assert.Single(await StoredAsync());
        Assert.Equal(("2h", "configuration", 1), (stored.Every, stored.Source, (int)stored.Version));
    }

    [Fact]
    public async Task Start_OldProgramAfterTheNewOne_IsTold()
    {
        Task StartWithAsync(string every) => RunAsync(s => s.Every("flip", every, new Scripted()).Every("same", "1h", new Scripted()));

        await StartWithAsync("1h");
        await StartWithAsync("2h");
        await StartWithAsync("2h");
        Assert.Empty(_log.Warnings("flip"));

        await StartWithAsync("1h");
        var told = Assert.Single(_log.Warnings("flip"));
        Assert.StartsWith("Schedule flip from code was reset to its definition before ", told, StringComparison.Ordinal);
        Assert.Contains("stop the older one", told, StringComparison.Ordinal);
        await StartWithAsync("2h");
        Assert.Equal(2, _log.Warnings("flip").Count);
        Assert.Empty(_log.Warnings("same"));
        var stored = (await StoredAsync()).Single(s => s.Id == "flip");
        Assert.Equal("2h", stored.Every);
        Assert.Contains($"on {Environment.MachineName}/{Environment.ProcessId}", stored.PutBy!.Name, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_NoLongerInTheCode_IsToldWithWhatToDo()
    {
        await RunAsync(s => s.Every("gone", "1h", new Scripted()).Every("stays", "1h", new Scripted()));
        await RunAsync(s => s.Every("stays", "1h", new Scripted()));

        var told = Assert.Single(_log.Warnings("no longer defines"));
        Assert.StartsWith("Schedule gone goes on firing, although this program no longer defines it: ", told, StringComparison.Ordinal);
        Assert.Contains("delete it with 'fleet schedule delete gone'", told, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Start_NoLongerInTheConfiguration_IsTold()
    {
        await using (await StartAsync(settings: ["Schedules:gone:Job=test.scripted", "Schedules:gone:Every=2h"]))
        {
        }

        await RunAsync(_ => { });

        Assert.Contains("put it from its configuration", Assert.Single(_log.Warnings("Schedule gone")), StringComparison.Ordinal);
    }

    /// <summary>Those of another program, of a person, and those that do not fire any more.</summary>
    [Theory]
    [InlineData("program - Shop 2.1.0 on web-3/12", "code", ScheduleStatus.Running, 0)]
    [InlineData("program - Fleet.Tests.Other 2.1.0 on web-3/12", "code", ScheduleStatus.Running, 0)]
    [InlineData("program - Fleet.Tests 2.1.0 on web-3/12", "code", ScheduleStatus.Running, 1)]
    [InlineData("program - Fleet.Tests 2.1.0 on web-3/12", "code", ScheduleStatus.Paused, 1)]
    [InlineData("program - Fleet.Tests 2.1.0 on web-3/12", "code", ScheduleStatus.Stopped, 0)]
    [InlineData("program - Fleet.Tests 2.1.0 on web-3/12", "api", ScheduleStatus.Running, 0)]
    [InlineData("person - Fleet.Tests 2.1.0 on web-3/12", "code", ScheduleStatus.Running, 0)]
    public async Task Start_NotInTheCode_IsToldIfThisProgramPutItAndItFires(
        string putBy, string source, ScheduleStatus status, int warnings)
    {
        await using (var fleet = await StartAsync(s => s.Every("other", "1h", new Scripted())))
        {
            await fleet.Storage.WriteAsync(
                session => session.Db.Schedules.ExecuteUpdateAsync(row => row
                    .SetProperty(s => s.PutBy, Actor.FromRow(putBy)).SetProperty(s => s.Source, source).SetProperty(s => s.Status, status)),
                TestContext.Current.CancellationToken);
        }

        await RunAsync(_ => { });

        Assert.Equal(warnings, _log.Warnings("Schedule other").Count);
    }

    private async Task RunAsync(Action<SchedulesBuilder> schedules)
    {
        await using var fleet = await StartAsync(schedules);
    }

    private Task<EmbeddedFleet> StartAsync(Action<SchedulesBuilder>? schedules = null, string[]? settings = null) =>
        ScriptedFleet.StartAsync(
        Script.Of(_ => { }), settings: settings, folder: _folder, configure: services =>
        {
            services.AddSingleton<ILoggerProvider>(_log);
            if (schedules is not null)
                services.AddFleetSchedules(schedules);
        });

    /// <summary>What a program finds that brings none.</summary>
    private async Task<IReadOnlyList<Schedule>> StoredAsync()
    {
        await using var fleet = await StartAsync();
        return [.. (await fleet.Services.GetRequiredService<GetSchedules>().ListAsync(CancellationToken.None)).Select(s => s.Row)];
    }
}
