using Fleet.Core.Search;
using Fleet.Tests.Support;

namespace Fleet.Tests.Storage;

public abstract partial class StorageConformance
{
    private static readonly SearchBudget Narrow = new() { FewRuns = 2, FirstWindow = 3, LargestWindow = 5 };

    public static TheoryData<string, string> Searches => new()
    {
        { "", "paid due failed canceled running planned" },
        { "state:pending", "due planned paid" },
        { "state:ready", "due paid" },
        { "state:scheduled", "planned" },
        { "state:ready,running", "due paid running" },
        { "state:running", "running" },
        { "state:failed", "failed" },
        { "state:dead,canceled", "failed canceled" },
        { "state:succeeded", "" },
        { "job:note", "due failed canceled running planned paid" },
        { "job:no*", "due failed canceled running planned paid" },
        { "job:No*", "" },
        { "job:*te", "due failed canceled running planned paid" },
        { "job:notes", "" },
        { "lane:mail", "paid" },
        { "lane:ma*,nowhere", "paid" },
        { "tag:billing", "paid failed" },
        { "tag:bill*", "paid failed" },
        { "tag:billin", "" },
        { "tag:\"late \\\"é\\\"\"", "failed" },
        { "tag:billing tag:late*", "failed" },
        { "error:timeout", "failed" },
        { "error:\"TIMEOUT of Ä\"", "failed" },
        { "error:\"50%\"", "failed" },
        { "error:\"5_%\"", "" },
        { "error:\"at last\"", "" },
        { "error:The*", "failed" },
        { "args.customer.id=42", "paid" },
        { "args.Customer.ID=42", "paid" },
        { "args.customer.id=4*", "paid failed" },
        { "args.customer.name=\"Ä & Ö\"", "paid" },
        { "args.items.1=true", "paid" },
        { "args.items.2=true", "" },
        { "args.none=null", "paid" },
        { "args.customer=42", "" },
        { "key:order-7", "due" },
        { "key:order-8", "" },
        { "key:order-7 state:failed", "" },
        { "since:130s", "running planned" },
        { "until:150s", "paid due failed canceled" },
        { "since:200s until:150s", "canceled" },
        { "schedule:nightly", "" },
    };

    [Theory]
    [MemberData(nameof(Searches))]
    public async Task Search_Query_FindsWhatMatches(string query, string expected)
    {
        var names = await MakeRunsToSearchAsync();
        foreach (var budget in new[] { new SearchBudget(), Narrow })
        {
            var found = await SearchAllAsync(ParseRunQuery.Read(query, Time.GetUtcNow()), budget, limit: 2);

            Assert.Equal(
                expected.Split(' ', StringSplitOptions.RemoveEmptyEntries).Order(StringComparer.Ordinal),
                found.Select(id => names[id]).Order(StringComparer.Ordinal));
            Assert.Equal(found.OrderDescending(), found);
        }
    }

    [Fact]
    public async Task Search_BudgetIsUsedUp_SaysHowFarItLookedAndGoesOnThere()
    {
        var ids = new List<RunId>();
        for (var i = 0; i < 20; i++)
        {
            ids.Add(await One.EnqueueAsync(new EnqueueOptions { Tags = i == 3 ? ["rare"] : [] }));
            Time.Advance(TimeSpan.FromSeconds(1));
        }

        var query = ParseRunQuery.Read("tag:rare", Time.GetUtcNow());
        var budget = new SearchBudget { Rows = 8, FirstWindow = 4, LargestWindow = 4 };
        var search = new SearchRuns(One.Storage, One.Get<SecretTerms>(), Time) { Budget = budget };

        var first = await search.ExecuteAsync(query, before: null, limit: 4, CancellationToken.None);
        Assert.Empty(first.Runs);
        Assert.Equal(new Scanned(Verbs.Noon.AddSeconds(12), 8, Complete: false), first.Scanned);
        Assert.Equal(ids[12], first.Next);

        var second = await search.ExecuteAsync(query, first.Next, limit: 4, CancellationToken.None);
        Assert.Empty(second.Runs);
        Assert.Equal(ids[4], second.Next);

        var third = await search.ExecuteAsync(query, second.Next, limit: 4, CancellationToken.None);
        Assert.Equal(ids[3], Assert.Single(third.Runs).Id);
        Assert.Equal((null, new Scanned(null, 4, Complete: true)), (third.Next, third.Scanned));
    }

    /// <summary>Every page of a search.</summary>
    private async Task<List<RunId>> SearchAllAsync(RunQuery query, SearchBudget budget, int limit)
    {
        var search = new SearchRuns(One.Storage, One.Get<SecretTerms>(), Time) { Budget = budget };
        var (found, before) = (new List<RunId>(), (RunId?)null);
        do
        {
            var page = await search.ExecuteAsync(query, before, limit, CancellationToken.None);
            Assert.InRange(page.Runs.Count, 0, limit);
            Assert.Equal(page.Next is null, page.Scanned.Complete);
            found.AddRange(page.Runs.Select(r => r.Id));
            before = page.Next;
        }
        while (before is not null);
        return found;
    }

    /// <summary>Six runs, a minute apart, by name.</summary>
    private async Task<Dictionary<RunId, string>> MakeRunsToSearchAsync()
    {
        var worker = await One.RegisterAsync();
        var names = new Dictionary<RunId, string>();
        await AddAsync("paid", new EnqueueOptions { Lane = "mail", Tags = ["billing"] },
            """{"customer":{"id":42,"name":"Ä & Ö"},"items":[1,true],"none":null}""");
        await AddAsync("due", new EnqueueOptions { IdempotencyKey = "order-7" });
        var failed = await AddAsync("failed", new EnqueueOptions { Tags = ["billing", "late \"é\""] }, """{"customer":{"id":"43"}}""");
        await One.FailAsync(await One.ClaimAsync(worker, failed), error: "The Timeout of ä took 50% of it.");
        await One.CancelAsync(await AddAsync("canceled"));
        await One.ClaimAsync(worker, await AddAsync("running"));
        await AddAsync("planned", new EnqueueOptions { Delay = TimeSpan.FromHours(1) });
        return names;

        async Task<RunId> AddAsync(string name, EnqueueOptions? options = null, string args = "{}")
        {
            var id = await One.EnqueueAsync(options, args);
            names.Add(id, name);
            Time.Advance(TimeSpan.FromMinutes(1));
            return id;
        }
    }
}
