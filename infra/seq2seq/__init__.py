"""The sequence-to-sequence algorithm: the program of the training image, with SageMaker's files and hyperparameters.

To be read in this order; each module has one concept, and the papers are cited where they are followed.

The model: ``model`` puts embeddings, encoder, decoder and output layer together; ``encoders`` and ``decoders`` choose
between ``recurrent_encoder`` and ``convolutional_encoder``, ``recurrent_decoder`` and ``convolutional_decoder``.
Between them stands ``encoded``; ``decoding`` is what search asks of a decoder. ``attention`` has the types of
attention, ``cells`` LSTM and GRU, ``layers`` what both kinds share, ``initialization`` the initial weights, ``loss``
the cross-entropy.

Why it is fast: a recurrence is one operation to autograd, with a step back written out beside each step forward
(``stepwise`` says how, ``attention_steps`` has those of attention), over words without padding (``packing``).

Training: ``training_job`` from the container's files to the model; ``hyperparameters`` are data; ``trainer`` has the
loop, ``optimizers`` and ``schedulers`` its update, ``evaluation`` its metrics, ``training_log`` and ``metric_lines``
what it says, ``checkpoint`` what it needs to go on, ``processes`` its several GPUs, ``precision`` that of its products,
``memory`` its limits, ``artifact`` the model's files.

Data: ``recordio`` frames the messages of ``record_pb2``; ``record_blocks`` does many at once, on ``varints``, as
``pair_block``; ``dataset`` checks and holds windows of them, ``batching`` makes batches. ``vocabulary`` has the words.

Translating: ``search`` is the beam search, ``translator`` goes from text to text, ``attention_chart`` draws where the
model looked; ``serving`` answers requests.

Preparing: ``prepare`` makes the channels of text; ``parallel_text`` is what it reads, ``tokenized_text`` one side of
it, ``word_numbers`` looks words up, and ``in_order`` does so on all processors.
"""
