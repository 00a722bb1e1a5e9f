using System.Globalization;
using System.Text;
using System.Text.RegularExpressions;
using Fleet.Core.Explain;
using Fleet.Core.Schedules.Control;
using Fleet.Tests.House;
using Fleet.Tests.Support;
using Microsoft.EntityFrameworkCore;

namespace Fleet.Tests.Explain;

/// <summary>What Fleet says about fire times of schedules, and about times at which they do not fire.</summary>
public sealed partial class ExplainOccurrencesTests
{
    /// <summary>Read the file aloud: every sentence must be one that a colleague would say.</summary>
    [Fact]
    public async Task ExplainOccurrences_EverySituation_IsToldInTheApprovedSentences()
    {
        var told = new StringBuilder();
        foreach (var (name, ask) in Situations.All)
        {
            await using var situation = await Situations.OpenAsync();
            var explanation = await ask(situation);
            Assert.NotNull(explanation);
            told.Append("## ").AppendLine(name);
            foreach (var sentence in explanation.Sentences)
                told.Append(CultureInfo.InvariantCulture, $"{sentence.Code}: {sentence.Text}").AppendLine();
            told.Append("now ").AppendLine(explanation.Now.State);
            foreach (var reason in explanation.Now.Reasons)
                told.Append(CultureInfo.InvariantCulture, $"{reason.Code}: {reason.Text}").AppendLine();
            told.AppendLine();
        }

        Approved.Check(Ids().Replace(told.ToString(), "ID"), "explain-occurrences.approved.txt");
    }

    [Fact]
    public async Task ExplainOccurrences_Missed_NamesTheRowOfTheMisfire()
    {
        await using var situation = await Situations.OpenAsync();

        var reason = Assert.Single((await situation.MissedAsync(MisfirePolicy.Skip, null))!.Now.Reasons);

        var misfire = Assert.Single(await situation.MisfiresAsync());
        Assert.Equal(
            [new Evidence("misfires", $"{misfire.Id}", "schedules/s/outcomes"), new Evidence("schedules", "s", "schedules/s")],
            reason.Evidence);
    }

    [Fact]
    public async Task ExplainOccurrences_NoSchedule_IsNull()
    {
        await using var situation = await Situations.OpenAsync();

        Assert.Null(await situation.AskAsync(Verbs.Noon));
    }

    [GeneratedRegex("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", RegexOptions.None, 1000)]
    private static partial Regex Ids();

    /// <summary>The schedule <c>s</c>, every ten minutes unless a situation says otherwise, at noon of 22 November 2026.</summary>
    private sealed class Situations(SqliteDatabase database) : ScheduleVerbs(database), IAsyncDisposable
    {
        public static IReadOnlyList<(string Name, Func<Situations, Task<Explanation?>> Ask)> All { get; } =
        [
            ("a fire time with a run", async s => await s.PutAsync("10m") is var _ && await s.PlanFarAsync() ? await s.AskAsync(10) : null),
            ("no fire time", s => s.AskAfterAsync("10m", 12.5)),
            ("the only fire time is another one", s => s.AskAfterAsync(new TriggerSpec { At = Verbs.Noon.AddHours(1) }, 30)),
            ("before the start", s => s.AskAfterAsync(new TriggerSpec { Every = "10m", StartsAt = Verbs.Noon.AddHours(1) }, 30)),
            ("after the end", s => s.AskAfterAsync(new TriggerSpec { Every = "10m", EndsAt = Verbs.Noon.AddHours(1) }, 90)),
            ("on an excluded date", s => s.AskAfterAsync(
                new TriggerSpec { Cron = "0 3 * * *", Zone = "Europe/Berlin", Exclude = ["12-25"] },
                new DateTimeOffset(2026, 12, 25, 3, 0, 0, TimeSpan.FromHours(1)))),
            ("the clock skips it", s => s.AskAfterAsync(
                new TriggerSpec { Cron = "30 2 * * *", Zone = "Europe/Berlin" },
                new DateTimeOffset(2027, 3, 28, 2, 30, 0, TimeSpan.FromHours(1)))),
            ("the clock shows it twice", s => s.AskAfterAsync(
                new TriggerSpec { Cron = "30 2 * * *", Zone = "Europe/Berlin" },
                new DateTimeOffset(2027, 10, 31, 2, 30, 0, TimeSpan.FromHours(1)))),
            ("before it was created", async s => await s.PutAsync("10m") is var _ && s.Later(1) ? await s.AskAsync(-10) : null),
            ("it comes later", s => s.AskAfterAsync("10m", 20)),
            ("it comes later, but the schedule is paused", s => s.HaltAsync(c => c.PauseAsync(
                "s", until: null, new(Somebody.Me, "holiday"), CancellationToken.None), 20, advance: 0)),
            ("paused", s => s.HaltAsync(c => c.PauseAsync("s", until: null, new(Somebody.Me, "holiday"), CancellationToken.None), 20)),
            ("paused until", s => s.HaltAsync(
                c => c.PauseAsync("s", until: Verbs.Noon.AddHours(1), new(Somebody.Me), CancellationToken.None), 20)),
            ("stopped", s => s.HaltAsync(c => c.StopAsync("s", new(Somebody.Me, "not needed"), CancellationToken.None), 20)),
            ("started again", s => s.StartedAgainAsync()),
            ("its occurrences are used", s => s.UsedAsync()),
            ("the scheduler is down", s => s.DownAsync(leads: true)),
            ("no scheduler ever led", s => s.DownAsync(leads: false)),
            ("missed, and the policy skips it", s => s.MissedAsync(MisfirePolicy.Skip, null)),
            ("missed, and only the latest runs", s => s.MissedAsync(MisfirePolicy.RunLatest, null)),
            ("missed, and too old", s => s.MissedAsync(MisfirePolicy.RunAll, "15m")),
            ("missed; its misfire was deleted, but not the next run", s => s.MissedAsync(MisfirePolicy.RunLatest, null, keeps: false)),
            ("missed fire times are counted only", s => s.MissedAsync(MisfirePolicy.Skip, null, asksFor: 80, keeps: false)),
            ("others were missed", s => s.MissedAsync(MisfirePolicy.Skip, null, asksFor: 80)),
            ("its run was deleted", s => s.PrunedAsync()),
            ("revoked by a pause", s => s.RevokedAsync(deletes: false)),
            ("revoked by a deletion", s => s.RevokedAsync(deletes: true)),
            ("the schedule was changed", s => s.ChangedAsync()),
            ("its zone is gone", s => s.UnreadableAsync()),
            ("nothing is known", s => s.UnknownAsync()),
        ];

        public static async Task<Situations> OpenAsync()
        {
            var situation = new Situations(new SqliteDatabase());
            await situation.InitializeAsync();
            return situation;
        }

        public Task<Explanation?> AskAsync(DateTimeOffset at) =>
            Fleet.Get<ExplainOccurrences>().ExecuteAsync("s", at, CancellationToken.None);

        private Task<Explanation?> AskAsync(double minutes) => AskAsync(Verbs.Noon.AddMinutes(minutes));

        private bool Later(double minutes)
        {
            Time.Advance(TimeSpan.FromMinutes(minutes));
            return true;
        }

        private async Task<bool> PlanFarAsync() => (await PlanAsync(TimeSpan.FromHours(2))).Planned > 0;

        private Task<Explanation?> AskAfterAsync(string every, double minutes) =>
            AskAfterAsync(new TriggerSpec { Every = every }, minutes);

        private Task<Explanation?> AskAfterAsync(TriggerSpec trigger, double minutes) =>
            AskAfterAsync(trigger, Verbs.Noon.AddMinutes(minutes));

        private async Task<Explanation?> AskAfterAsync(TriggerSpec trigger, DateTimeOffset at)
        {
            await PutAsync(trigger);
            return await AskAsync(at);
        }

        private async Task<Explanation?> HaltAsync(Func<ControlSchedules, Task> halt, double minutes, double advance = 40)
        {
            await PutAsync("10m");
            Later(1);
            await halt(Fleet.Get<ControlSchedules>());
            Later(advance);
            return await AskAsync(minutes);
        }

        private async Task<Explanation?> StartedAgainAsync()
        {
            await PutAsync("10m");
            await Fleet.Get<ControlSchedules>().StopAsync("s", new(Somebody.Me), CancellationToken.None);
            Later(25);
            await Fleet.Get<ControlSchedules>().StartAsync("s", new(Somebody.Me), CancellationToken.None);
            await PlanFarAsync();
            Later(10);
            return await AskAsync(20);
        }

        private async Task<Explanation?> UsedAsync()
        {
            await PutAsync(new TriggerSpec { Every = "10m" }, with: r => r with { MaxOccurrences = 1 });
            await PlanFarAsync();
            Later(40);
            return await AskAsync(20);
        }

        private async Task<Explanation?> DownAsync(bool leads)
        {
            await PutAsync("10m");
            if (leads)
                await PlanAsync();
            // The lease of these tests lasts an hour.
            Later(70);
            return await AskAsync(20);
        }

        public Task<List<Core.Storage.Rows.Misfire>> MisfiresAsync() => Fleet.ListAsync(db => db.Misfires);

        public async Task<Explanation?> MissedAsync(MisfirePolicy policy, string? deadline, double asksFor = 20, bool keeps = true)
        {
            await PutAsync(new TriggerSpec { Every = "10m" }, policy, with: r => r with { MisfireDeadline = deadline });
            await PlanAsync();
            Later(45);
            await PlanFarAsync();
            if (!keeps)
                await Fleet.Storage.WriteAsync(session => session.Db.Misfires.ExecuteDeleteAsync(), CancellationToken.None);
            if (asksFor > 45)
            {
                Later(60);
                await Fleet.Storage.WriteAsync(
                    session => session.Db.Runs.Where(r => r.FireTime == Verbs.Noon.AddMinutes(asksFor)).ExecuteDeleteAsync(),
                    CancellationToken.None);
            }

            return await AskAsync(asksFor);
        }

        private async Task<Explanation?> PrunedAsync()
        {
            await PutAsync("10m");
            await PlanFarAsync();
            Later(45);
            // As PruneRuns does, days later.
            await Fleet.Storage.WriteAsync(
                session => session.Db.Runs.Where(r => r.FireTime < Verbs.Noon.AddMinutes(35)).ExecuteDeleteAsync(), CancellationToken.None);
            return await AskAsync(20);
        }

        private async Task<Explanation?> RevokedAsync(bool deletes)
        {
            await PutAsync("10m");
            await PlanFarAsync();
            Later(12);
            if (deletes)
                await Fleet.Get<DeleteSchedules>().ExecuteAsync("s", Somebody.Me, CancellationToken.None);
            else
                await Fleet.Get<ControlSchedules>().PauseAsync("s", until: null, new(Somebody.Me), CancellationToken.None);
            Later(20);
            return await AskAsync(20);
        }

        private async Task<Explanation?> ChangedAsync()
        {
            await PutAsync("10m");
            Later(25);
            await PutAsync("7m");
            Later(20);
            return await AskAsync(20);
        }

        private async Task<Explanation?> UnreadableAsync()
        {
            await PutAsync(new TriggerSpec { Cron = "0 3 * * *", Zone = "Europe/Berlin" });
            await Fleet.Storage.WriteAsync(
                session => session.Db.Schedules.ExecuteUpdateAsync(set => set.SetProperty(s => s.Zone, "Nowhere/Land")),
                CancellationToken.None);
            return await AskAsync(20);
        }

        private async Task<Explanation?> UnknownAsync()
        {
            await PutAsync("10m");
            await PlanFarAsync();
            Later(45);
            await Fleet.Storage.WriteAsync(
                session => session.Db.Runs.Where(r => r.FireTime == Verbs.Noon.AddMinutes(20)).ExecuteDeleteAsync(),
                CancellationToken.None);
            return await AskAsync(20);
        }

        async ValueTask IAsyncDisposable.DisposeAsync() => await base.DisposeAsync();
    }
}
