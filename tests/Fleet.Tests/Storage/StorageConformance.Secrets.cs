using Fleet.Core.Lanes;
using Fleet.Core.Search;
using Fleet.Core.Storage.Rows;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

/// <summary>A process that has not the args type knows secrets by the schema that a worker has stored.</summary>
public abstract partial class StorageConformance
{
    [Fact]
    public async Task DeadCopies_JobOfAnotherProcess_AreRedactedByItsSchema()
    {
        await StartVaultAsync();
        var run = new DeadRun(
            RunId.New(One.Now), "test.safe", "default", """{"word":"a","PASSWORD":"hunter2"}""", 1, "e", "T", One.Now);

        await using (var copies = One.Get<DeadCopies>())
            copies.Add(run);

        Assert.Equal("""{"word":"a","PASSWORD":"***"}""", Assert.Single(One.Transport.Dead).Args);
    }

    [Theory]
    [InlineData("args.password=hunter2", "test.vault")]
    [InlineData("args.Password=h*", "test.vault")]
    [InlineData("args.accounts.0.key=x", "test.vault")]
    [InlineData("job:test.* args.password.0=x", "test.vault")]
    [InlineData("job:test.safe,note args.password=x", "test.safe")]
    public async Task Search_BySecret_IsRefusedAndNamesTheJob(string text, string job)
    {
        await StartVaultAsync();
        var query = ParseRunQuery.Read(text, One.Now);

        var search = await Assert.ThrowsAsync<InvalidRunException>(() => One.Get<SearchRuns>().ExecuteAsync(query, null, 10, default));
        var count = await Assert.ThrowsAsync<InvalidRunException>(() => One.Get<CountRuns>().ExecuteAsync(query, false, default));

        Assert.Equal(("secret_argument", "q"), (search.Error.Code, search.Error.Field));
        Assert.Contains($"is secret in job '{job}'", search.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("hunter2", search.Message, StringComparison.Ordinal);
        Assert.Equal(search.Message, count.Message);
    }

    /// <summary>Neither the answer nor what is read for it depends on what a secret is.</summary>
    [Fact]
    public async Task Search_ByAnotherArgument_SeesNothingOfSecrets()
    {
        await StartVaultAsync();
        var vault = await AddAsync("test.vault", """{"word":"word-1","password":"hunter2"}""");
        var note = await AddAsync("note", """{"text":"x","password":"hunter2"}""");

        Assert.Equal([note], await FindAsync("job:note args.password=hunter2"));
        Assert.Equal([vault], await FindAsync("args.word=word-1"));
        Assert.Empty(await FindAsync("args.word=hunter2"));
        // A caller who is bound to another lane is not told of the job, and does not find its runs.
        var bound = ParseRunQuery.Read("args.password=hunter2", One.Now).Within(["other", "default"]) with { BoundTo = ["other"] };
        Assert.Equal([note], (await One.Get<SearchRuns>().ExecuteAsync(bound, null, 10, default)).Runs.Select(r => r.Id));

        async Task<IEnumerable<RunId>> FindAsync(string text) =>
            (await One.Get<SearchRuns>().ExecuteAsync(ParseRunQuery.Read(text, One.Now), null, 10, default)).Runs.Select(r => r.Id);

        async Task<RunId> AddAsync(string job, string args)
        {
            var run = One.NewRun() with { Job = job, Args = args };
            await One.Storage.WriteAsync(session => One.Storage.Statements.InsertAsync(session, [run], default), default);
            return run.Id;
        }
    }

    private Task<WorkerId> StartVaultAsync() => StartWorkerAsync(Open(jobs => jobs.Add<VaultJob>()));
}
