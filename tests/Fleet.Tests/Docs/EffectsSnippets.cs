using Fleet.Tests.Docs.Readme;

namespace Fleet.Tests.Docs.Effects;

/// <summary>The code of docs/effects.md, so that it compiles. <see cref="SnippetsTests"/> compares.</summary>
internal sealed class EffectsSnippets
{
    [Job("docs.book-payment")]
    public sealed record BookPayment(Guid Payment, Guid Account, decimal Amount);

    public sealed class BookPaymentJob : IJob<BookPayment>
    {
        public Task RunAsync(BookPayment args, JobContext context, CancellationToken ct)
        {
            context.Effect(
                "INSERT INTO payments (id, amount, booked_at) VALUES (@id, @amount, @at)",
                new { id = args.Payment, amount = args.Amount, at = context.DueTime });
            context.Effect(
                "UPDATE accounts SET balance = balance - @amount WHERE id = @account",
                new { amount = args.Amount, account = args.Account });
            return Task.CompletedTask;
        }
    }

    public sealed class BookPaymentAtOnceJob : IJob<BookPayment>
    {
        public async Task RunAsync(BookPayment args, JobContext context, CancellationToken ct)
        {
            await context.CompleteAsync(async (transaction, token) =>
            {
                await using var command = transaction.Connection!.CreateCommand();
                command.Transaction = transaction;
                command.CommandText = "SELECT balance FROM accounts WHERE id = @id FOR UPDATE";
                // … add the parameter
                var balance = (decimal)(await command.ExecuteScalarAsync(token))!;
                if (balance < args.Amount)
                    throw new NonRetryableException("The account has too little money.");
                // … write through the same command, connection and transaction
            }, ct);
        }
    }

    public sealed class DailyReportJob(ReportDb db) : IJob<DailyReport>
    {
        public async Task RunAsync(DailyReport args, JobContext context, CancellationToken ct)
        {
            db.Reports.Add(await Report.ForAsync(args.Day, ct));
            await context.CompleteAsync(db, ct);
        }
    }
}
